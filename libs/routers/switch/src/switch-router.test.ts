import { testRouterContract } from '@gmoe/routers-core/testing';
import { switchRouter } from './index.js';

testRouterContract(switchRouter, [{ name: 'defaults' }]);
