"""Chat templates as transformers writes them: text, token ids, and which tokens the assistant wrote.

    python tools/goldens/chat_templates.py > libs/model/src/chat/testing/chat-templates.json

The templates are those of the named models' tokenizer_config.json. They are rendered over the bundled tokenizer with the
templates' special tokens added. `tagged` is the same template with {% generation %} around what the assistant writes, for
transformers' own mask: the product finds the same tokens without the tags, too.
"""
import json
import sys

from transformers import PreTrainedTokenizerFast
from transformers import __version__ as version

BASE = "models/openstax-2m/tokenizer.json"

ROLES = "raise_exception('Conversation roles must alternate user/assistant/user/assistant/...')"
ALTERNATE = (
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ " + ROLES + " }}{% endif %}"
)

SMOLLM2 = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\n"
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + "
    "message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|im_start|>assistant\n' }}{% endif %}"
)
SMOLLM2_TAGGED = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\n"
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + "
    "message['role'] + '\n'}}{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] + '<|im_end|>' }}"
    "{% endgeneration %}{% else %}{{ message['content'] + '<|im_end|>' }}{% endif %}{{ '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)

# Qwen2.5-Instruct, without its branch for tools' results, which no conversation here has.
QWEN25 = """{%- if tools %}
    {{- raise_exception('no tools here') }}
{%- else %}
    {%- if messages[0]['role'] == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>system\\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""
QWEN25_TAGGED = QWEN25.replace(
    """        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
""",
    """        {{- '<|im_start|>' + message.role + '\\n' }}
        {%- if message.role == "assistant" %}
            {%- generation -%}
            {{- message.content + '<|im_end|>' }}
            {%- endgeneration -%}
        {%- else %}
            {{- message.content + '<|im_end|>' }}
        {%- endif %}
        {{- '\\n' }}
""",
)

# Qwen3: what it thought is written for the last answer alone. Its branches for tools are left out.
QWEN3 = """{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in content %}
                {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
                {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
            {%- endif %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index %}
            {%- if loop.last or (not loop.last and reasoning_content) %}
                {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
            {%- else %}
                {{- '<|im_start|>' + message.role + '\\n' + content }}
            {%- endif %}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
"""

LLAMA3 = (
    "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + "
    "message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}"
    "{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
LLAMA3_TAGGED = (
    "{% for message in messages %}{% if loop.index0 == 0 %}{{ bos_token }}{% endif %}{{ '<|start_header_id|>' + "
    "message['role'] + '<|end_header_id|>\n\n' }}{% if message['role'] == 'assistant' %}{% generation %}"
    "{{ message['content'] | trim + '<|eot_id|>' }}{% endgeneration %}{% else %}{{ message['content'] | trim + '<|eot_id|>' }}"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)

MISTRAL = (
    "{{ bos_token }}{% for message in messages %}" + ALTERNATE + "{% if message['role'] == 'user' %}"
    "{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}"
    "{{ message['content'] + eos_token}}{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}"
    "{% endif %}{% endfor %}"
)
MISTRAL_TAGGED = MISTRAL.replace(
    "{{ message['content'] + eos_token}}",
    "{% generation %}{{ message['content'] + eos_token}}{% endgeneration %}",
)

GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for message in messages %}" + ALTERNATE + "{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}"
    "{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + "
    "'<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}"
)
GEMMA_TAGGED = (
    "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'assistant') %}{{ '<start_of_turn>model\n' }}"
    "{% generation %}{{ message['content'] | trim + '<end_of_turn>' }}{% endgeneration %}{{ '\n' }}{% else %}"
    "{{ '<start_of_turn>' + message['role'] + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}"
)

TEMPLATES = {
    "SmolLM2": (SMOLLM2, SMOLLM2_TAGGED, "<|im_start|>", "<|im_end|>", []),
    "Qwen2.5": (QWEN25, QWEN25_TAGGED, None, "<|im_end|>", ["<|im_start|>"]),
    "Qwen3": (QWEN3, None, None, "<|im_end|>", ["<|im_start|>"]),
    "Llama 3": (
        LLAMA3,
        LLAMA3_TAGGED,
        "<|begin_of_text|>",
        "<|eot_id|>",
        ["<|start_header_id|>", "<|end_header_id|>"],
    ),
    "Mistral": (MISTRAL, MISTRAL_TAGGED, "<s>", "</s>", []),
    "Gemma": (GEMMA, GEMMA_TAGGED, "<bos>", "<eos>", ["<start_of_turn>", "<end_of_turn>"]),
}


def turn(role, content):
    return {"role": role, "content": content}


CONVERSATIONS = [
    [turn("user", "What is a cell?"), turn("assistant", "The smallest unit of life.")],
    [
        turn("user", "  Name two planets.\n"),
        turn("assistant", "Mars, Venus"),
        turn("user", "Mars, Venus"),
        turn("assistant", "\nMars, Venus\n\nas before  "),
        turn("user", "ok"),
        turn("assistant", "ok"),
    ],
    [
        turn("system", "Answer in one word."),
        turn("user", "Größter Planet? 😀"),
        turn("assistant", "<think>\nnot Mars\n</think>\n\nJupiter ½"),
        turn("user", "And <|im_end|> means?"),
        turn("assistant", "<think>\nhm\n</think>\n\nthe end"),
    ],
    [turn("user", "a"), turn("assistant", "")],
]


def main():
    out = {"transformers": version, "conversations": CONVERSATIONS, "templates": []}
    for name, (template, tagged, bos, eos, further) in TEMPLATES.items():
        tokenizer = PreTrainedTokenizerFast(tokenizer_file=BASE)
        special = [token for token in [bos, eos, *further] if token]
        tokenizer.add_special_tokens({"additional_special_tokens": special})
        named = {"eos_token": eos, **({"bos_token": bos} if bos else {})}
        tokenizer.add_special_tokens(named)
        added = {str(tokenizer.convert_tokens_to_ids(token)): token for token in special}
        cases = []
        for index, messages in enumerate(CONVERSATIONS):
            try:
                text = tokenizer.apply_chat_template(messages, chat_template=template, tokenize=False)
            except Exception as error:  # noqa: BLE001 - what the template itself refuses
                cases.append({"conversation": index, "error": str(error)})
                continue
            case = {
                "conversation": index,
                "text": text,
                "ids": tokenizer.apply_chat_template(messages, chat_template=template, return_dict=True)["input_ids"],
                "asked": tokenizer.apply_chat_template(
                    messages[:-1], chat_template=template, tokenize=False, add_generation_prompt=True
                ),
            }
            if tagged:
                same = tokenizer.apply_chat_template(messages, chat_template=tagged, tokenize=False)
                assert same == text, (name, same, text)
                marked = tokenizer.apply_chat_template(
                    messages, chat_template=tagged, return_dict=True, return_assistant_tokens_mask=True
                )
                case["mask"] = marked["assistant_masks"]
            cases.append(case)
        out["templates"].append(
            {
                "name": name,
                "template": template,
                **({"tagged": tagged} if tagged else {}),
                "named": named,
                "added": added,
                "cases": cases,
            }
        )
    json.dump(out, sys.stdout, ensure_ascii=False, indent=1)
    print()


main()
