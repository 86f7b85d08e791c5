/** The workspace's one tfjs instance. Every lib imports `tf` from `@gmoe/tensor`, so that tensors and kernels are shared. */
import * as tf from '@tensorflow/tfjs';

// Production mode silences tfjs's start-up banner and its per-op sanity checks.
tf.enableProdMode();

export { tf };
