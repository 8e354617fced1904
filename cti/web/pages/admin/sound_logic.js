// Samples as a WAV file of 16 bits and one channel.

/** @param {Float32Array[]} channels from -1 to 1 @param {number} rate @returns {ArrayBuffer} */
export function wavOf(channels, rate) {
  const count = channels[0]?.length ?? 0;
  const data = new ArrayBuffer(44 + count * 2);
  const view = new DataView(data);
  const text = (/** @type {number} */ at, /** @type {string} */ word) => [...word].forEach((char, n) => view.setUint8(at + n, char.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + count * 2, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, count * 2, true);
  for (let n = 0; n < count; n++) {
    let sum = 0;
    for (const channel of channels) sum += channel[n] ?? 0;
    const value = Math.min(1, Math.max(-1, sum / channels.length));
    view.setInt16(44 + n * 2, Math.round(value * 32767), true);
  }
  return data;
}
