"""Regular expressions with Go's meaning: measured cases, laws against RE2 itself, and bounds on the work."""

from __future__ import annotations

import json
import pickle
import random
import tracemalloc
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest
import re2
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from counted_work import lines_of
from fluxv2_migrate import errors
from fluxv2_migrate.golang import Regexp, regexp_classes, regexp_syntax, regexp_tree
from fluxv2_migrate.golang.regexp_backtracking import Backtracker
from fluxv2_migrate.golang.regexp_program import Program
from fluxv2_migrate.golang.regexp_scripts import SCRIPTS

VECTORS = Path(__file__).parent / "vectors" / "regexp.jsonl"


def check_measured(lines: Iterable[str]) -> int:
    checked = 0
    for line in lines:
        case: dict[str, Any] = json.loads(line)
        given_, expected = case["input"], case["expected"]
        checked += 1
        if not expected["valid"]:
            with pytest.raises(errors.InvalidPattern) as refused:
                Regexp.compile(given_["pattern"])
            assert refused.value.reason == expected["error"]
            continue
        regexp = Regexp.compile(given_["pattern"])
        assert list(regexp.groups) == expected["subexp_names"], line
        for result in expected["results"]:
            text = result["s"]
            groups = regexp.find_submatch(text)
            assert regexp.matches(text) == result["match"], (given_["pattern"], text)
            assert (None if groups is None else list(groups)) == result["groups"], (given_["pattern"], text)
            assert regexp.expand(given_["extract"], text) == result["expanded"], (given_["pattern"], text)
    return checked


def test_measured_patterns_of_our_own_selection() -> None:
    assert check_measured(VECTORS.read_text(encoding="utf-8").splitlines()) > 60


def test_every_measured_pattern(shared: Path) -> None:
    text = (shared / "vectors" / "regexp.jsonl").read_text(encoding="utf-8")
    assert check_measured(text.splitlines()) > 800


# Against RE2, from which Go's package descends. Left out is where the two differ: RE2 refuses two groups of
# the same name, allows \C, knows none of the long names of categories, and knows another version of Unicode.
ATOMS = st.sampled_from(
    [
        *("a", "b", "A", "k", "1", "-", "é", "ab", "", r"\.", r"\x{212a}", r"\Qa.\E", "(?i:k)", "(?i:é|s)"),
        *(
            "[ab]",
            "[^a]",
            "[a-c1]",
            "[^a-z]",
            "(?i:[^k])",
            r"[\d-]",
            "[[:alpha:]]",
            "[[:^alpha:]]",
            "[^\\W1]",
        ),
        *(".", "(?s:.)", r"\d", r"\w", r"\W", r"\s", r"\S", r"\pL", r"\PL", r"\p{Greek}", r"(?i:\p{Lu})"),
        *("^", "$", r"\A", r"\z", r"\b", r"\B", "(?m:^)", "(?m:$)"),
    ]
)
QUANTIFIERS = st.sampled_from(
    ["*", "+", "?", "*?", "+?", "??", "{2}", "{0,2}", "{1,}", "{2,}?", "{0}", "{,2}", "{1,3}?"]
)


def _nest(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, min_size=2, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda options: "(?:" + "|".join(options) + ")"),
        st.builds("(?:{}){}".format, inner, QUANTIFIERS),
        st.builds("{}{}".format, inner, QUANTIFIERS),
        inner.map("({})".format),
        inner.map("(?U:{})".format),
        inner.map("(?im){}".format),
        st.lists(inner, min_size=2, max_size=2).map("|".join),
    )


PATTERNS = st.recursive(ATOMS, _nest, max_leaves=12)
TEXTS = st.text("aaabbAkK1-._ \nés\u017f\u212aβΒ", max_size=12)


def _re2(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


@settings(max_examples=400)
@given(PATTERNS, st.lists(TEXTS, min_size=1, max_size=5))
def test_it_means_what_re2_means(pattern: str, texts: list[str]) -> None:
    try:
        expected = _re2(pattern)
    except re2.error:
        with pytest.raises(errors.InvalidPattern):
            Regexp.compile(pattern)
        return
    regexp = Regexp.compile(pattern)
    for text in texts:
        if r"\B" in pattern and not text.isascii():
            # RE2 finds this between the bytes of a character as well; Go goes from character to character.
            continue
        match = expected.search(text)
        groups = (match.group(0), *match.groups()) if match else None
        assert regexp.find_submatch(text) == groups
        assert regexp.matches(text) == (match is not None)


def _random_pattern(chance: random.Random, depth: int) -> str:
    atoms = [
        "a",
        "b",
        "1",
        "-",
        ".",
        r"\.",
        r"\d",
        "[ab]",
        "[^a]",
        "[0-9a-f]",
        r"\w",
        "^",
        "$",
        r"\b",
        "v",
        "",
    ]
    kind = chance.randrange(7) if depth else 0
    if kind == 0:
        return chance.choice(atoms)
    if kind == 1:
        options = (_random_pattern(chance, depth - 1) for _ in range(chance.randrange(1, 4)))
        return f"({'|'.join(options)})"
    if kind == 2:
        suffix = chance.choice(["*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{2,}"])
        return f"(?:{_random_pattern(chance, depth - 1)}){suffix}"
    return "".join(_random_pattern(chance, depth - 1) for _ in range(chance.randrange(1, 4)))


def test_twenty_thousand_patterns_and_texts_mean_what_they_mean_to_re2() -> None:
    chance = random.Random(20201124)
    pairs = matching = 0
    while pairs < 20_000:
        pattern = _random_pattern(chance, 4)
        expected, regexp = _re2(pattern), Regexp.compile(pattern)
        for _ in range(5):
            text = "".join(chance.choice("aabb1-.v0f") for _ in range(chance.randrange(12)))
            match = expected.search(text)
            groups = (match.group(0), *match.groups()) if match else None
            assert regexp.find_submatch(text) == groups, (pattern, text)
            assert regexp.matches(text) == (match is not None), (pattern, text)
            pairs += 1
            matching += match is not None
    assert 0.2 < matching / pairs < 0.95


@pytest.mark.parametrize("pattern", ["(a+)+$", "(.*)*x"])
def test_work_grows_with_the_text(pattern: str) -> None:
    regexp = Regexp.compile(pattern)

    def search(length: int) -> None:
        text = "a" * (length - 1) + "!"
        assert not regexp.matches(text)
        assert regexp.find_submatch(text) is None

    # Backtracking would take twice as much for each character, and longer than anyone waits.
    assert lines_of(lambda: search(512)) < 5 * lines_of(lambda: search(128))


@settings(max_examples=600)
@given(st.text("ab(|)[]{}*+?^$.\\,-:=!<>PpLidnQEx019is é", max_size=10))
def test_it_refuses_what_re2_refuses(pattern: str) -> None:
    assume("(?P<" not in pattern and "(?<" not in pattern and "\\C" not in pattern)
    try:
        _re2(pattern)
    except re2.error:
        accepted = False
    else:
        accepted = True
    try:
        Regexp.compile(pattern)
    except errors.InvalidPattern:
        assert not accepted
    else:
        assert accepted


@given(PATTERNS, TEXTS)
def test_forgetting_changes_no_answer(pattern: str, text: str) -> None:
    try:
        syntax = regexp_syntax.parse(pattern)
    except errors.InvalidPattern:
        assume(False)
    program, forgetful = Program(syntax), Program(syntax)
    forgetful.REMEMBERED = 0
    for _ in range(2):
        assert program.find(text) == forgetful.find(text)
        assert program.matches(text) == forgetful.matches(text) == (program.find(text) is not None)


@given(PATTERNS, TEXTS)
def test_whatever_matches_anchored_matches_unanchored(pattern: str, text: str) -> None:
    try:
        anchored = Regexp.compile(f"^(?:{pattern})$")
    except errors.InvalidPattern:
        assume(False)
    if anchored.matches(text):
        assert Regexp.compile(pattern).matches(text)
        assert anchored.expand("$0", text) == text


EXPLOSIVE = [
    "(a+)+$",
    "(a*)*$",
    "(a*)*b",
    "(a|aa)+$",
    "^(a|aa)+$",
    "(.*)*x",
    "(x+x+)+y",
    "(a?){30}a{30}$",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "(?:a|a|a|a)*b",
    "a*a*a*a*a*b",
    "a+$",
    ".*.*.*.*=.*",
    "((((((a*)*)*)*)*)*)*b",
    # As automata of single states these have 2**12 of them.
    "[ab]*a[ab]{12}$",
    "(a|b)*a(a|b){12}c",
]


@pytest.mark.parametrize("remembered", [0, Program.REMEMBERED])
@pytest.mark.parametrize("pattern", EXPLOSIVE)
def test_the_work_is_linear_in_the_text(pattern: str, remembered: int) -> None:
    for length in (64, 512):
        program = Program(regexp_syntax.parse(pattern))
        program.REMEMBERED = remembered
        text = "".join("ab"[number * number % 7 % 2] for number in range(length)) + "a" * length + "!"
        program.find(text)
        program.matches(text)
        # Each instruction at most once for each position, in each of the two runs.
        assert 0 < program.visited <= 2 * program.size * (len(text) + 1)


@pytest.mark.parametrize("pattern", EXPLOSIVE)
def test_ten_thousand_characters_are_nothing(pattern: str) -> None:
    regexp = Regexp.compile(pattern)
    text = "a" * 10_000 + "!"
    # What would go back over the text would not come back before the machine is gone.
    assert regexp.matches(text) == (regexp.find(text) is not None)


@pytest.mark.parametrize("form", ["(a*)*", "(a)?", "(?P<n%d>b|a)*"])
def test_groups_cost_what_they_are(form: str) -> None:
    def most_memory(groups: int) -> int:
        pattern = "".join(form.replace("%d", str(number)) for number in range(groups))
        regexp = Regexp.compile(pattern + "c")
        tracemalloc.start()
        try:
            assert regexp.find("a" * 12) is None
            assert regexp.matches("a" * 12 + "c")
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    # Four times as much where the way through the groups is not copied for each of them, else sixteen.
    assert most_memory(800) < 8 * most_memory(200)


def test_what_was_seen_before_is_not_worked_out_again() -> None:
    program = Program(regexp_syntax.parse(r"^main-[a-f0-9]+-(\d+)$"))
    program.find("main-abc1234-1611906956")
    visited = program.visited
    for number in range(100):
        assert program.find(f"main-abc1234-16{number:08}") is not None
    assert program.visited <= 3 * visited


# What Python's `re` is trusted with.


def proved(pattern: str) -> Backtracker | None:
    return Backtracker.prove(regexp_syntax.parse(pattern))


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "abc",
        r"^1\.2\.3$",
        r"^main-[a-f0-9]+-(?P<ts>[0-9]+)",
        r"^v?(?P<v>\d+\.\d+\.\d+)(?P<pre>-.*)?$",
        r"^(main|master|develop)-(?P<ts>\d{14})$",
        "^(?P<n>[0-9]+|latest|)$",
        "^(?:[a-z]+,)*;$",
        "-[0-9]{8}$",
        "a{1000}",
        "((a{10}){10}){10}",
        "(((a{5}){5}){5})",
        "v[0-9]+",
        "v[0-9]*?",
        "^(?s:.)?$",
        "(?i)^release-x+$",
        "()^a",
    ],
)
def test_patterns_that_decide_by_the_next_character_are_proved(pattern: str) -> None:
    assert proved(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        *EXPLOSIVE,
        "[0-9]+$",
        "[0-9]+-",
        "^(?:[a-z]+,)*[a-z]+;$",
        "(?:ab)+",
        "(?:a{2,}|b)c",
        "(?:(a+)-)b",
        r"\ba",
        "(?m)^a",
        "a$b",
        "a^",
        "(?:^a|b)",
        "^[a-z0-9-]+-[0-9]+$",
        "^(?:ab|a)c",
        "^(?:a|)a",
        "^(?:|b?)",
        "^(?:ab?|c)b",
        "^a?a",
        "^(?:a?){3}",
        "^(?:(a)b)*",
        "^(?:(?:(a)|b)c)*",
        "^(?:(a){2}b)*",
        "a{0}",
        "[^\\x00-\\x{10ffff}]",
        r"\pL",
        "(" * 41 + "a" + ")" * 41,
        "|".join(f"{number:03}-" for number in range(65)),
        "^" + "".join(f"{chr(point)}?" for point in range(0x4E00, 0x4E00 + 600)),
    ],
)
def test_there_is_no_proof_where_it_would_have_to_go_back(pattern: str) -> None:
    assert proved(pattern) is None


@settings(max_examples=300)
@given(PATTERNS.map(lambda pattern: f"^{pattern}") | PATTERNS, st.lists(TEXTS, min_size=1, max_size=5))
def test_what_is_proved_means_the_same(pattern: str, texts: list[str]) -> None:
    try:
        syntax = regexp_syntax.parse(pattern)
    except errors.InvalidPattern:
        assume(False)
    backtracker = Backtracker.prove(syntax)
    assume(backtracker is not None)
    assert backtracker is not None
    program = Program(syntax)
    for text in texts:
        assert backtracker.find(text) == program.find(text)
        assert backtracker.matches(text) == program.matches(text)


def test_memory_is_bounded() -> None:
    program = Program(regexp_syntax.parse("(?s)(.a.{6}|b)*c"))
    program.REMEMBERED = 500
    for number in range(300):
        program.matches(f"{number:b}".replace("0", "a").replace("1", "b") * 5)
        assert sum(len(state.threads) for state in program._states.values()) <= 500


# Limits.


def test_spans_are_those_of_the_texts() -> None:
    assert Regexp.compile("(b)(x)?").find("abc") == ((1, 2), (1, 2), None)
    assert Regexp.compile(r"\b(b)(x)?").find("a b") == ((2, 3), (2, 3), None)
    assert Regexp.compile("b()").find("ab") == ((1, 2), (2, 2))
    assert Regexp.compile("b").find("a") is None


def test_the_tree_tells_what_a_filter_consists_of() -> None:
    tree = Regexp.compile(r"^main-(?P<ts>\d+)$").tree
    assert tree == regexp_tree.Concat(
        (
            regexp_tree.Assertion("begin_text"),
            regexp_tree.Literal("main-"),
            regexp_tree.Capture(
                1, "ts", regexp_tree.Repeat(regexp_tree.CharClass(((48, 57),)), 1, None, greedy=True)
            ),
            regexp_tree.Assertion("end_text"),
        )
    )


def test_deep_nesting_within_the_limit_runs() -> None:
    regexp = Regexp.compile("(" * 999 + "a" + ")" * 999)
    assert regexp.find_submatch("ba") == ("a",) * 1000


@pytest.mark.parametrize("pattern", ["(" * 1000 + "a" + ")" * 1000, "(?:" * 1000 + "a" + ")*" * 1000])
def test_deeper_nesting_is_refused(pattern: str) -> None:
    with pytest.raises(errors.InvalidPattern, match="expression nests too deeply"):
        Regexp.compile(pattern)


def test_groups_without_number_do_not_nest() -> None:
    assert Regexp.compile("(?:" * 5000 + "a" + ")" * 5000).matches("xa")


@pytest.mark.parametrize(
    "pattern", ["(" + "x" * 3400 + "){1000}", "((?:(?:" + "x" * 350 + "){10}y){999,}|a+){1}"]
)
def test_too_large_programs_are_refused(pattern: str) -> None:
    with pytest.raises(errors.InvalidPattern, match="expression too large"):
        Regexp.compile(pattern)


def test_too_many_code_points_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regexp_syntax, "_MAX_POINTS", 1000)
    with pytest.raises(errors.InvalidPattern, match="expression too large"):
        Regexp.compile(r"\pL\pL")


def test_counts_of_any_length_are_refused_and_not_converted() -> None:
    with pytest.raises(errors.InvalidPattern, match="invalid repeat count"):
        Regexp.compile("a{" + "9" * 10_000 + "}")


@pytest.mark.parametrize(
    "text", ["a{,2}", "a{", "a{}", "a{01}", "a{1,02}", "a{1", "a{1,", "a{1,2,3}", "a{x}"]
)
def test_braces_that_hold_no_counts_are_text(text: str) -> None:
    assert Regexp.compile(f"^{text}$").matches(text)
    assert not Regexp.compile(f"^{text}$").matches("aa")


# Characters.


def test_scripts_are_those_of_re2() -> None:
    # All but Han and a few tags are below; Han's first range there shows that it is meant.
    text = "".join(chr(point) for point in range(0x20010) if not 0xD800 <= point < 0xE000)
    for script in SCRIPTS:
        ranges = regexp_classes.unicode_class(script)
        assert ranges
        runs = [match.group() for match in _re2(rf"\p{{{script}}}+").finditer(text)]
        assert [(ord(run[0]), min(ord(run[-1]), 0x2000F)) for run in runs] == [
            (first, min(last, 0x2000F)) for first, last in ranges if first <= 0x2000F
        ], script


# Three of them by name: they look like letters that are here too.
FOLDING = "\N{KELVIN SIGN}\N{OHM SIGN}\N{ANGSTROM SIGN}aAkKsSſzZéÉßẞıİiIμµΜσςΣθϑϴΩωåÅǅǆǄᾳᾼᲀВвꙊꙋᲈᏸᏰⅧⅷⓐⒶ𞤢𞤀1-文"


def test_simple_folding_is_that_of_re2() -> None:
    for char in FOLDING:
        ranges = regexp_classes.fold(((ord(char), ord(char)),))
        for other in FOLDING:
            expected = _re2(f"(?i){char}").search(other) is not None
            assert regexp_classes.contains(ranges, ord(other)) == expected, (char, other)


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("Letter", "L"),
        ("uppercase letter", "Lu"),
        ("Old_Italic", "olditalic"),
        ("LC", "Cased_Letter"),
        ("nd", "Nd"),
        ("ASCII", "ascii"),
    ],
)
def test_class_names_are_compared_loosely(name: str, same: str) -> None:
    assert regexp_classes.unicode_class(name) == regexp_classes.unicode_class(same) != None  # noqa: E711


def test_assigned_and_unassigned_are_everything() -> None:
    assigned, unassigned = (regexp_classes.unicode_class(name) for name in ("Assigned", "Cn"))
    assert assigned
    assert unassigned
    assert regexp_classes.normalize([*assigned, *unassigned]) == regexp_classes.unicode_class("Any")
    assert regexp_classes.invert(assigned) == unassigned


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)).map(lambda pair: (min(pair), max(pair)))))
def test_ranges_keep_their_points(ranges: list[tuple[int, int]]) -> None:
    points = {point for first, last in ranges for point in range(first, last + 1)}
    normal = regexp_classes.normalize(ranges)
    assert {point for point in range(302) if regexp_classes.contains(normal, point)} == points
    assert regexp_classes.invert(regexp_classes.invert(normal)) == normal


def test_a_lone_surrogate_is_a_character_of_a_text_and_none_of_a_pattern() -> None:
    assert Regexp.compile("^.$").matches("\ud800")
    assert not Regexp.compile("^a$").matches("\udcff")
    with pytest.raises(errors.InvalidPattern, match="invalid UTF-8"):
        Regexp.compile("a\udcff")


# Expansion.


@given(st.text("a1_x{}- é").filter(lambda text: "$" not in text))
def test_a_template_without_dollar_is_itself(template: str) -> None:
    assert Regexp.compile("(a)").expand(template, "a") == template
    assert Regexp.compile("(a)").expand("$$" + template, "a") == "$" + template
    assert Regexp.compile("(a)").expand(template, "b") is None


@pytest.mark.parametrize(
    ("template", "expanded"),
    [
        ("$", "$"),
        ("$$", "$"),
        ("$$$1", "$12"),
        ("$$1", "$1"),
        ("$-$1", "$-12"),
        ("${1}0", "120"),
        ("$10", ""),
        ("$1x", ""),
        ("${1", "${1"),
        ("${}", "${}"),
        ("${1-}", "${1-}"),
        ("${1}$1", "1212"),
        ("$01", ""),
        ("$0", "v12-"),
        ("$999999999$9999999999", ""),
        ("$é", ""),
        ("$²", "$²"),
        ("$n.$m", "12."),
    ],
)
def test_templates(template: str, expanded: str) -> None:
    assert Regexp.compile("v(?P<n>[0-9]+)(-|(?P<m>x))").expand(template, "v12-") == expanded


def test_of_groups_with_one_name_the_first_that_took_part_counts() -> None:
    regexp = Regexp.compile("(?:(?P<n>a)|(?<n>b))c")
    assert (regexp.expand("$n", "ac"), regexp.expand("$n", "bc")) == ("a", "b")


# Refusals that the measured cases lack.


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("a\\", "trailing backslash at end of expression: ``"),
        ("[b-a]", "invalid character class range: `b-a`"),
        ("x[", "missing closing ]: `[`"),
        ("x[^", "missing closing ]: `[^`"),
        ("[[:alpha:", "missing closing ]: `[[:alpha:`"),
        (r"\x{}", "invalid escape sequence: `\\x{}`"),
        (r"\x{4g}", "invalid escape sequence: `\\x{4g`"),
        (r"\x{41", "invalid escape sequence: `\\x{41`"),
        (r"\xg0", "invalid escape sequence: `\\xg0`"),
        (r"\x", "invalid escape sequence: `\\x`"),
        ("(?", "invalid or unsupported Perl syntax: `(?`"),
        ("a)b", "unexpected ): `a)b`"),
        ("(?:a)(b", "missing closing ): `(?:a)(b`"),
        ("(?i)*", "missing argument to repetition operator: `*`"),
        ("**?", "missing argument to repetition operator: `*`"),
    ],
)
def test_reasons(pattern: str, reason: str) -> None:
    with pytest.raises(errors.InvalidPattern) as refused:
        Regexp.compile(pattern)
    assert refused.value.reason == f"error parsing regexp: {reason}"


# Values.


def test_a_regexp_is_its_pattern() -> None:
    regexp = Regexp.compile("a(b)")
    assert regexp.matches("ab")
    assert pickle.loads(pickle.dumps(regexp)) == regexp == Regexp.compile("a(b)") != Regexp.compile("ab")
    assert len({regexp, Regexp.compile("a(b)")}) == 1
    assert repr(regexp) == "Regexp(pattern='a(b)')"
    with pytest.raises(FrozenInstanceError):
        regexp.pattern = "b"  # type: ignore[misc]


def test_threads_share_a_regexp() -> None:
    regexp = Regexp.compile(r"(\w+)-(\d+)$")
    texts = [f"{'ab' * (number % 7)}x{number}-{number}" for number in range(400)]
    expected = [f"{number}" for number in range(400)]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            assert list(pool.map(lambda text: regexp.expand("$2", text), texts)) == expected
