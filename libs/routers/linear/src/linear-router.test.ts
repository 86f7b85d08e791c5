import { testRouterContract } from '@gmoe/routers-core/testing';
import { linearRouter } from './index.js';

testRouterContract(linearRouter, [{ name: 'defaults' }]);
