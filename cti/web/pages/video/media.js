// Camera, microphone, and what stands in for a microphone where there is none.

/** @typedef {import("./visit_logic.js").Devices} Devices */

/** Opens what there is: both, else one of them. Refused: the citizen, or his browser, said no to the camera and the microphone.
 * @typedef {{stream: MediaStream, devices: Devices, refused: boolean}} Opened */

/** @param {{frames: number, camera?: string}} wanted `camera`: another than the first, by its id @returns {Promise<Opened>} */
export async function openMedia({ frames, camera }) {
  const video = {
    width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: frames, max: 30 },
    ...(camera ? { deviceId: { exact: camera } } : { facingMode: "user" }),
  };
  const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  const devices = navigator.mediaDevices;
  if (!devices?.getUserMedia) return { stream: new MediaStream(), devices: { camera: false, microphone: false }, refused: false };
  let refused = false;
  for (const constraints of [{ video, audio }, { video }, { audio }]) {
    try {
      const stream = await devices.getUserMedia(constraints);
      return { stream, devices: { camera: stream.getVideoTracks().length > 0, microphone: stream.getAudioTracks().length > 0 }, refused: false };
    } catch (error) {
      refused ||= error instanceof DOMException && error.name === "NotAllowedError";
    }
  }
  return { stream: new MediaStream(), devices: { camera: false, microphone: false }, refused };
}

/** Cameras there are, by id, for who turns his telephone round to show a paper. @returns {Promise<string[]>} */
export async function cameras() {
  const found = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return found.filter((device) => device.kind === "videoinput" && device.deviceId).map((device) => device.deviceId);
}

/** @type {AudioContext | null} */
let context = null;

/** One for the page; only after the citizen has touched something. */
function audioContext() {
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume();
  return context;
}

/** A microphone that hears nothing: a call always has a line for sound. @returns {MediaStreamTrack} */
export function silence() {
  const [track] = audioContext().createMediaStreamDestination().stream.getAudioTracks();
  if (!track) throw new Error("no silence");
  return track;
}

/** Calls `show` with the loudness, 0..1, some ten times a second, until the result is called.
 * @param {MediaStream} stream @param {(level: number) => void} show @returns {() => void} */
export function watchLevel(stream, show) {
  if (!stream.getAudioTracks().length) return () => {};
  const source = audioContext().createMediaStreamSource(stream);
  const analyser = audioContext().createAnalyser();
  analyser.fftSize = 512;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
    show(Math.min(1, Math.max(0, 1 + Math.log10(rms + 1e-6) / 2.5)));
  }, 100);
  return () => {
    clearInterval(timer);
    source.disconnect();
  };
}
