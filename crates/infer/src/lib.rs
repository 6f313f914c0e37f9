//! Local language models on the processor: GGUF and safetensors files, tokenizers, constrained sampling.
