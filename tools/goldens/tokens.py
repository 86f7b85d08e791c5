"""Token ids of 3,000 odd strings by Hugging Face tokenizers (0.23), SentencePiece (0.2) and tiktoken (0.12), for comparison
with the tokenizer here.

Run: python -P tools/goldens/tokens.py SHARED_DATA_FOLDER SMOLLM2.gguf
Writes libs/model/src/testing/tokens/golden.json.gz: { strings, made: { name: tokenizer.json }, expected: { name: [hash] } }.
A hash is the first 8 hexadecimal digits of sha256 over the JSON of [ids, decoded] of ten strings.
"""

import base64
import gzip
import hashlib
import io
import json
import random
import sys
import unicodedata
from pathlib import Path

import sentencepiece
import tiktoken
from gguf import GGUFReader
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

ROOT = Path(__file__).resolve().parents[2]
TESTING = ROOT / "libs/model/src/testing"
SPECIAL = ["<s>", "</s>", "<unk>", "<|endoftext|>", "<|im_start|>", "<|im_end|>", "[CLS]", "[SEP]", "[MASK]", "<pad>"]
# As QWEN_PATTERN in libs/model/src/conversion/tiktoken.ts.
QWEN_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
WORDS = """the capital of France is Paris couldn't they're I'LL we've HELLO world naïve café résumé façade Straße ĳsvrij
İstanbul ΑΒΓ Ελληνικά русский Україна שלום עולם مرحبا العالم हिन्दी नमस्ते ภาษาไทย 日本語 東京都 漢字かな交じり 한국어 안녕하세요 北京 中文字符
👍🏽 👨‍👩‍👧‍👦 🏳️‍🌈 🇫🇷🇩🇪 🙂 1️⃣ ❤️ © ™ ﬁ ﬂ ℌ Ⅷ ½ ² ³ ¾ ٣٤٥ ۱۲۳ १२३ ๑๒๓ ① ㊿ 〇 𝟙𝟚 12345 3.14159 1,000,000 0x1F 1e-5 v2.0 2nd
def __init__(self): return x == y != z && a || b; for(int i=0;i<n;i++) {}\t#include <stdio.h> $var @user #tag %s \\n "quoted" 'single'
«guillemets» … — – ‐ ′ ‘curly’ “double” http://example.org/a?b=c&d=e#f me@example.org C++ C# .NET e.g. U.S.A. Mr. ▁ ▁▁ Ġ ## ##ing
A\u030a e\u0301 \u1e9b\u0323 \u0344 ﷺ \u00a0 \u200b \u200d \ufeff \u2028 \u3000 \u00ad \u202e \x00 \x07 \x7f \u0085""".split(
    " "
)
SPACES = ["", " ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", " \n ", "\t\t", "\u00a0", "\u3000", "\u2003", "\x0b", "\x0c"]


def code_points(draw: random.Random) -> str:
    blocks = [(0, 0x7F), (0x80, 0x24F), (0x250, 0x52F), (0x530, 0xDFF), (0xE00, 0x1FFF), (0x2000, 0x2BFF)]
    blocks += [(0x2C00, 0xABFF), (0xAC00, 0xD7A3), (0xE000, 0xFFFD), (0x10000, 0x1FFFF), (0x20000, 0x2FFFF)]
    start, end = draw.choice(blocks)
    return "".join(chr(draw.randint(start, end)) for _ in range(draw.randint(1, 6)))


def strings() -> list[str]:
    draw = random.Random(20)
    corpus = (TESTING / "corpus.txt").read_text(encoding="utf-8")
    classes: dict[str, list[str]] = {}
    for point in range(0x110000):
        if not 0xD800 <= point <= 0xDFFF:
            classes.setdefault(unicodedata.category(chr(point)), []).append(chr(point))
    out = ["", " ", "a", "\ufeff", "\ufeffa", "a\ufeff b"]
    for category in sorted(classes):
        members = classes[category]
        for _ in range(20):
            out.append("x" + draw.choice(members) + draw.choice(members) + " " + draw.choice(members) + "7")
    out += ["m" + chr(point) for point in range(0x80, 0x100)]
    while len(out) < 3000:
        kind = draw.random()
        if kind < 0.2:
            start = draw.randrange(len(corpus))
            out.append(corpus[start : start + draw.randint(1, 80)])
            continue
        parts = []
        for _ in range(draw.randint(1, 9)):
            pick = draw.random()
            if pick < 0.72:
                parts.append(draw.choice(WORDS))
            elif pick < 0.86:
                parts.append(draw.choice(SPECIAL))
            else:
                parts.append(code_points(draw))
            parts.append(draw.choice(SPACES))
        out.append("".join(parts))
    return out


def trained(model, trainer, corpus, normalizer=None, pre=None) -> Tokenizer:
    tokenizer = Tokenizer(model)
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre:
        tokenizer.pre_tokenizer = pre
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer


def bpe(corpus, normalizer=None, pre=None, decoder=None, special=(), options=None, trainer=None) -> Tokenizer:
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=["<unk>", *special], show_progress=False, limit_alphabet=150, **(trainer or {})
    )
    made = trained(models.BPE(unk_token="<unk>", **(options or {})), trainer, corpus, normalizer, pre)
    if decoder:
        made.decoder = decoder
    return made


def charsmap() -> normalizers.Normalizer:
    """A small rule table as SentencePiece compiles them."""
    rules = Path("/tmp/rules.tsv")
    rules.write_text("FB01\t66 69\n00BD\t31 2F 32\n41 30A\tC5\n3000\t20\n", encoding="utf-8")
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter((TESTING / "corpus.txt").read_text(encoding="utf-8").splitlines()),
        model_writer=model,
        vocab_size=200,
        hard_vocab_limit=False,
        normalization_rule_tsv=str(rules),
        minloglevel=2,
    )
    from sentencepiece import sentencepiece_model_pb2

    proto = sentencepiece_model_pb2.ModelProto.FromString(model.getvalue())
    return normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap)


def made_up(corpus: list[str]) -> dict[str, Tokenizer]:
    N, P, D = normalizers, pre_tokenizers, decoders
    alphabet = {"initial_alphabet": P.ByteLevel.alphabet()}
    out: dict[str, Tokenizer] = {}
    out["byte-level"] = bpe(
        corpus, N.NFC(), P.ByteLevel(add_prefix_space=True), D.ByteLevel(), SPECIAL[3:6], trainer=alphabet
    )
    out["digits"] = bpe(
        corpus,
        None,
        P.Sequence([P.Digits(individual_digits=True), P.ByteLevel(add_prefix_space=False)]),
        D.ByteLevel(),
        ["<|endoftext|>"],
        trainer=alphabet,
    )
    out["digit-runs"] = bpe(
        corpus,
        N.Sequence([N.NFKC(), N.Lowercase()]),
        P.Sequence([P.Digits(), P.Punctuation(behavior="contiguous"), P.WhitespaceSplit()]),
        D.BPEDecoder(),
        options={"end_of_word_suffix": "</w>", "fuse_unk": True},
        trainer={"end_of_word_suffix": "</w>"},
    )
    out["prefix"] = bpe(
        corpus,
        N.Sequence([N.NFKD(), N.StripAccents()]),
        P.Whitespace(),
        D.WordPiece(prefix="##"),
        options={"continuing_subword_prefix": "##"},
        trainer={"continuing_subword_prefix": "##"},
    )
    for name, scheme, split in [("always", "always", True), ("first", "first", True), ("whole", "never", False)]:
        out[f"metaspace-{name}"] = bpe(
            corpus,
            None,
            P.Metaspace(prepend_scheme=scheme, split=split),
            D.Metaspace(prepend_scheme=scheme, split=split),
            ["<s>"],
        )
    out["bytes"] = bpe(
        corpus,
        N.Sequence([N.Prepend("▁"), N.Replace(" ", "▁"), N.Replace(Regex(r"▁{3,}"), "▁▁")]),
        None,
        D.Sequence([D.Replace("▁", " "), D.ByteFallback(), D.Fuse(), D.Strip(" ", 1, 0)]),
        [f"<0x{byte:02X}>" for byte in range(256)],
        options={"byte_fallback": True, "fuse_unk": True, "ignore_merges": True},
    )
    for behavior in ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]:
        invert = behavior in ("contiguous", "removed")
        out[f"split-{behavior}"] = bpe(
            corpus,
            N.Strip() if invert else N.NFD(),
            P.Sequence([P.Split(Regex(r"\w+" if invert else r"[aeiou\s]"), behavior, invert=invert), P.Punctuation()]),
            D.Fuse(),
        )
    out["scripts"] = bpe(corpus, N.Nmt(), P.Sequence([P.UnicodeScripts(), P.CharDelimiterSplit("e")]), D.Fuse())
    out["byte-normalizer"] = bpe(corpus, N.ByteLevel(), P.FixedLength(5), D.ByteLevel(), trainer=alphabet)
    word_piece = trainers.WordPieceTrainer(vocab_size=400, special_tokens=["[UNK]", *SPECIAL[6:9]], show_progress=False)
    bert = trained(
        models.WordPiece(unk_token="[UNK]"), word_piece, corpus, N.BertNormalizer(), P.BertPreTokenizer()
    )
    bert.decoder = D.WordPiece()
    ids = {token: bert.token_to_id(token) for token in ("[CLS]", "[SEP]")}
    bert.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    out["word-piece"] = bert
    unigram = trainers.UnigramTrainer(
        vocab_size=300, special_tokens=["<unk>", "</s>"], unk_token="<unk>", show_progress=False
    )
    out["unigram"] = trained(models.Unigram(), unigram, [t for t in corpus if t.isascii()], charsmap(), P.Metaspace())
    out["unigram"].decoder = D.Metaspace()
    words = trainers.WordLevelTrainer(vocab_size=400, special_tokens=["<unk>", "<pad>"], show_progress=False)
    out["word-level"] = trained(models.WordLevel(unk_token="<unk>"), words, corpus, None, P.Whitespace())
    out["word-level"].decoder = D.CTC()
    flags = bpe(corpus, N.Lowercase(), P.ByteLevel(add_prefix_space=False), D.ByteLevel(), trainer=alphabet)
    flags.add_tokens([AddedToken("hello", single_word=True), AddedToken("PARIS", normalized=True), "日本"])
    flags.add_special_tokens(
        [AddedToken("<|im_end|>", lstrip=True, rstrip=True, special=True), AddedToken("<s>", special=True)]
    )
    flags.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", flags.token_to_id("<s>"))]
    )
    flags.enable_truncation(8)
    flags.enable_padding(length=12)
    out["added-tokens"] = flags
    return out


def by_library(tokenizer: Tokenizer):
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def tokens(text: str):
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        return [ids, tokenizer.decode(ids, skip_special_tokens=False)]

    return tokens


def by_sentencepiece(path: Path):
    processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
    # It knows no special tokens in a text, and its decoder no spaces but ▁.
    return lambda text: [[] if any(s in text for s in SPECIAL) else processor.encode(text), ""]


def by_tiktoken(path: Path):
    ranks = {}
    for line in path.read_text().splitlines():
        token, rank = line.split()
        ranks[base64.b64decode(token)] = int(rank)
    special = {token: len(ranks) + i for i, token in enumerate(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])}
    encoding = tiktoken.Encoding("qwen", pat_str=QWEN_PATTERN, mergeable_ranks=ranks, special_tokens=special)

    def tokens(text: str):
        ids = encoding.encode(unicodedata.normalize("NFC", text), allowed_special="all")
        return [ids, encoding.decode(ids)]

    return tokens


def smollm2(path: str) -> Tokenizer:
    """The model's own tokenizer.json, made of the vocabulary in its GGUF file."""
    fields = GGUFReader(path).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    kinds = fields["tokenizer.ggml.token_type"].contents()
    tokenizer.add_special_tokens([token for token, kind in zip(tokens, kinds) if kind == 3])
    return tokenizer


def hashes(texts: list[str], tokens) -> list[str]:
    out = []
    for start in range(0, len(texts), 10):
        rows = [tokens(text) for text in texts[start : start + 10]]
        text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
        out.append(hashlib.sha256(text.encode()).hexdigest()[:8])
    return out


def main() -> None:
    shared, gguf = Path(sys.argv[1]) / "tokenizers", sys.argv[2]
    texts = strings()
    corpus = (TESTING / "corpus.txt").read_text(encoding="utf-8").splitlines() + texts[:600]
    made = made_up(corpus)
    # As a file has it, truncation and all, before it is used.
    files = {name: json.loads(tokenizer.to_str()) for name, tokenizer in made.items()}
    readers = {name: by_library(tokenizer) for name, tokenizer in made.items()}
    readers["openstax-2m"] = by_library(Tokenizer.from_file(str(ROOT / "models/openstax-2m/tokenizer.json")))
    readers["gpt2"] = by_library(Tokenizer.from_file(str(shared / "gpt2/tokenizer.json")))
    readers["minimind"] = by_library(Tokenizer.from_file(str(shared / "minimind/tokenizer.json")))
    readers["llama2"] = by_sentencepiece(shared / "llama2/tokenizer.model")
    readers["qwen"] = by_tiktoken(shared / "qwen/qwen.tiktoken")
    readers["smollm2"] = by_library(smollm2(gguf))
    expected = {name: hashes(texts, tokens) for name, tokens in readers.items()}
    golden = json.dumps({"strings": texts, "made": files, "expected": expected}, ensure_ascii=False)
    (TESTING / "tokens").mkdir(exist_ok=True)
    with (TESTING / "tokens/golden.json.gz").open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(golden.encode())


if __name__ == "__main__":
    main()
