export { FakeHub, oidOf, sha256Of, TOKEN, type FakeRepo, type Fault, type SeenRequest } from './fake-hub.js';
