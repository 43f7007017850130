"""Ask-LLM: `from runners.ask_llm.rating import rate`, for any causal LM of transformers."""
