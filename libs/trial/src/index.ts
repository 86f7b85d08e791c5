export { pretrain, type PretrainedModel, type PretrainSettings } from './pretrain.js';
export { pretrainRecipeSchema, type PretrainRecipe } from './pretrain-recipe.js';
