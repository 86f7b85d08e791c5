import * as ort from 'onnxruntime-node';

// Whoever opens a session gets the library from here. It would leave a device id in the user's cache folder and look for a collector
// of events when the first one opens.
process.env['ORT_DISABLE_TELEMETRY'] = '1';
// Errors come as exceptions; the native log would print them a second time.
ort.env.logLevel = 'fatal';

export { ort };
