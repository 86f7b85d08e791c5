export { FakeMlflow, type FakeServerOptions } from './fake-server.js';
export { FaultProxy, type Fault } from './fault-proxy.js';
export { findMlflow, skipLoudly, startRealMlflow, type RealMlflow } from './real-server.js';
