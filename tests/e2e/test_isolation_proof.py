"""What one visitor leaves behind and the next one sees: every row of tests/apps/pollution in every isolation mode.

One worker. Visitor A pollutes, visitors B and C, with cookie jars of their own, probe. The table in docs/ISOLATION.md is what
came out: RS_ISOLATION_DOCS=write writes the column of every mode that runs, otherwise a column that is not true fails.
"""

import os
import re

import pytest

from lib import proc
from lib.daemon import TREE
from lib.mixed import Memory, Mixed, describe

DOCS = os.path.join(TREE, "docs", "ISOLATION.md")
BEGIN, END = "<!-- pollutions: written by tests/e2e/test_isolation_proof.py -->", "<!-- end of pollutions -->"
MODES = ["snapshot", "simple", "fork", "greedy"]


# Objects of C libraries: what is in them cannot be copied, so it cannot be put back. An application that changes one in a
# singleton makes a new one instead, or runs under fork.
IN_C = {
    "dom.document": "the tree belongs to libxml2",
    "xml.element": "the tree belongs to libxml2",
    "intl.formatter": "the formatter belongs to ICU",
    "intl.collator": "ICU's",
    "intl.calendar": "ICU's",
    "curl.handle": "the options belong to libcurl",
    "xml.writer": "the text belongs to libxml2",
    "xml.stylesheet": "the parameters belong to the processor",
    "file.magic": "the flags belong to libmagic",
    "sqlite.function": "a connection that the application has made itself",
    "spl.file_class": "which class to make belongs to the object of the file",
    "stream.position": "the position belongs to the stream, which may be a file that others read as well",
}
# What a resident PHP cannot take back, by rule: docs/ISOLATION.md has the same reasons.
NOT_TAKEN_BACK = {
    "php.class_alias": "a class stays declared: opcodes hold its address",
    "php.include_declares": "a file that has declared a class or a function cannot run again in this process",
    "generator.object": "a generator that was alive before the first request cannot go back on its stack",
    "spl.caching_iterator": "what an iterator that was alive before the first request has collected",
    "random.engine": "if it went back, everybody would get the same numbers",
    "spl.array_iterator": "the position of an iterator that was alive before the first request; its contents are put back",
}
# What the cleaners do not know: each has to leak without a snapshot, or its probe could not tell.
UNKNOWN_TO_CLEANERS = """
    macro.str macro.collection macro.request macro.response macro.arr macro.route static.property static.function static.closure
    php.global container.rebinding provider.monkeyed monolog.handler monolog.processor date.handler str.uuid_factory
    collection.proxy schema.string_length db.listener db.prefix db.grammar route.mutated storage.fake middleware.skip
    static.method static.late_class static.inherited static.reference static.callable static.enum static.enum_case object.property
    object.nested object.reference object.typed object.readonly object.unset object.dynamic object.closure spl.array_object
    spl.array_iterator spl.object_storage spl.weak_map spl.queue spl.linked_list spl.fixed_array spl.heap spl.priority_queue
    date.object date.interval generator.object php.mb_detect_order php.libxml_loader php.tick_function php.mt_srand
    php.stream_wrapper php.stream_filter php.define php.class_alias php.include_once php.include_declares php.function_static
    php.autoload php.assert hash.context php.gettext_domain php.gettext_directory php.gettext_codeset php.libxml_disabled
    php.file_lock php.readline_history php.mb_search php.global_unset php.global_reference php.constant_object swoole.hooks
    swoole.options static.trait static.trait_method static.inherited_method spl.queue_mode spl.fixed_size spl.array_flags
    spl.array_class spl.multiple_iterator spl.append_iterator spl.caching_iterator date.period random.engine db.statement_class
    db.timeout db.resolver db.name container.before facade.alias env.putenv artisan.starting model.factory_namespace
    model.factory_names schema.morph_key str.uncountable carbon.immutable_now carbon.interval_factors date.callable
    monolog.registry monolog.timezone view.engine route.default cache.dispatcher storage.disk cookie.serialized middleware.empty
    response.sendfile macro.stringable macro.lazy_collection macro.query macro.blueprint macro.upload macro.json macro.redirect
    macro.redirector macro.url macro.files macro.translator macro.views macro.cache macro.mailer macro.rule macro.http macro.test
    macro.interval macro.model
""".split()
# isolation = simple boots the providers again, so what they make is new in every request. What lives in classes, in objects made
# earlier, and in PHP itself is nobody's.
NOT_REMADE = """
    macro.str macro.collection macro.request macro.response macro.arr macro.route static.property static.function php.global
    container.rebinding monolog.handler monolog.processor date.handler str.uuid_factory collection.proxy schema.string_length
    db.listener db.prefix db.grammar static.method static.late_class static.inherited static.reference static.callable static.enum
    static.enum_case php.mb_detect_order php.libxml_loader php.tick_function php.mt_srand php.stream_wrapper php.stream_filter
    php.define php.class_alias php.include_once php.include_declares php.function_static php.autoload php.assert
    php.gettext_domain php.gettext_directory php.gettext_codeset php.libxml_disabled php.readline_history php.mb_search
    php.constant_object swoole.hooks swoole.options static.trait static.trait_method static.inherited_method db.statement_class
    db.timeout db.resolver db.name container.before facade.alias env.putenv model.factory_namespace model.factory_names
    schema.morph_key str.uncountable carbon.immutable_now carbon.interval_factors date.callable monolog.registry monolog.timezone
    cache.dispatcher cookie.serialized response.sendfile macro.stringable macro.lazy_collection macro.query macro.blueprint
    macro.upload macro.json macro.redirect macro.redirector macro.url macro.files macro.translator macro.cache macro.mailer
    macro.rule macro.http macro.test macro.interval macro.model
""".split()
# mode: {pollution: why it is not clean}. Everything else is clean.
LEAKS = {
    "snapshot": IN_C | NOT_TAKEN_BACK,
    "fork": {},
    "simple": dict.fromkeys(NOT_REMADE, "it is not in what is made anew"),
    "greedy": IN_C | dict.fromkeys(UNKNOWN_TO_CLEANERS, "nobody puts it back"),
}


def visit(d, path):
    """What a visitor with an empty cookie jar is told; text when it was no answer of the application's."""
    who = d.browser()
    try:
        r = who.get(path)
        assert r.status == 200, f"{path}: {r.status} {r.text[:300]}"
        assert "polluted" not in who.cookies or "/pollute/" in path, f"{path}: {who.cookies}"
        assert r.get("content-type", "").startswith("application/json"), f"{path}: {r}"
        return r.json()
    except ValueError as e:
        raise AssertionError(f"{path}: {e}: {r}") from None
    finally:
        who.close()


def fresh_worker(d):
    """What has leaked must not disturb what comes next."""
    (pid,) = d.pids("worker")
    proc.kill(pid)
    d.wait_settled()


def one(d, mode, name, clean):
    """"clean", or what B or C saw. Also: does the polluter see its pollution? (The probe can fail.)"""
    try:
        a = visit(d, f"/pollute/{name}")
        b, c = visit(d, f"/probe/{name}"), visit(d, f"/probe/{name}")
    except AssertionError as e:
        fresh_worker(d)
        return f"broken: {e}", True
    told = a["seen"] != clean
    if mode != "fork":
        assert a["pid"] == b["pid"] == c["pid"], f"{name}: another process cannot have been polluted"
    for who in (b, c):
        if who["seen"] != clean:
            fresh_worker(d)
            return f"leak: {who['seen']!r}", told
    return "clean", told


def run(d, mode):
    """{name: (source, outcome)} of all, in order; twice, for what the second sees of the first."""
    table = visit(d, "/pollutions")
    blind, dirty, got = set(), {}, {}
    d.wait_settled()
    d.base_fds = d.fd_table(d.status())     # what a worker opens for its first request is there
    for name, row in table.items():
        try:
            seen = visit(d, f"/probe/{name}")["seen"]
        except AssertionError as e:
            seen = str(e)
        if seen != row["clean"]:
            dirty[name] = seen
        outcome, told = one(d, mode, name, row["clean"])
        got[name] = row["source"], outcome
        if not told:
            blind.add(name)
    assert not dirty, f"not clean before anybody pollutes: {dirty}"
    assert not blind - LATE, f"probes that do not see the pollution of their own request: {blind - LATE}"
    for name, row in reversed(table.items()):
        if got[name][1] == "clean" and mode != "fork":
            visit(d, f"/probe/{name}")
            outcome, _ = one(d, mode, name, row["clean"])
            got[name] = row["source"], outcome
    return got


# Works only after the request that did it; or what matters is that the next visitor sees the same.
LATE = {"php.shutdown_function", "model.booted"}


def documented():
    """{name: {mode: outcome}} of docs/ISOLATION.md."""
    with open(DOCS, encoding="utf-8") as f:
        text = f.read()
    rows = re.findall(r"^\| `([a-z_.]+)` \| (\w+) \| (.*) \|$", text[text.index(BEGIN):text.index(END)], re.M)
    return {name: dict(zip(MODES, (c.strip() for c in cells.split("|")))) for name, _, cells in rows}


def write(mode, got):
    with open(DOCS, encoding="utf-8") as f:
        text = f.read()
    old = documented()
    lines = [BEGIN, "", "| pollution | from | " + " | ".join(MODES) + " |", "|---|---|" + "---|" * len(MODES)]
    counts = {m: 0 for m in MODES}
    for name, (source, outcome) in got.items():
        row = {m: "" for m in MODES} | old.get(name, {}) | {mode: outcome.split(":")[0].replace("leak", "**leak**")}
        lines.append(f"| `{name}` | {source} | " + " | ".join(row[m] for m in MODES) + " |")
        for m in MODES:
            counts[m] += row[m] == "clean"
    lines += [f"| clean of {len(got)} | | " + " | ".join(str(counts[m]) for m in MODES) + " |", "", END]
    text = text[:text.index(BEGIN)] + "\n".join(lines) + text[text.index(END) + len(END):]
    with open(DOCS, "w", encoding="utf-8") as f:
        f.write(text)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_pollutions(daemon, mode):
    d = daemon.app("pollution", dotenv=["TEST_ROUTES=true", "APP_DEBUG=true"], ini={"rserverd": {"isolation": mode}},
                   start=False)
    d.set("swoole", worker_num=1, max_request=0)
    d.allow_log = ["worker .* (killed|signal|died)"]
    d.start()
    got = run(d, mode)
    assert sum(source == "spec" for source, _ in got.values()) == 30 and len(got) >= 65
    if os.environ.get("RS_ISOLATION_DOCS") == "write":
        write(mode, got)
    wrong = {n: o for n, (_, o) in got.items() if (o != "clean") != (n in LEAKS[mode])}
    print({n: o for n, (_, o) in got.items() if o != "clean"})
    assert not wrong, "not as expected:\n" + "\n".join(f"{n}: {o}" for n, o in wrong.items())
    stale = {n: o for n, (_, o) in got.items() if documented().get(n, {}).get(mode, "").strip("*") != o.split(":")[0]}
    assert not stale, f"docs/ISOLATION.md is stale (RS_ISOLATION_DOCS=write): {stale}"


@pytest.mark.slow
def test_mixed_requests(daemon):
    """4,000 of `bin/bench isolation-mixed`: no wrong answer, and no growth: PHP's heap from request 2,000 on, resident pages from
    3,000 on (until then malloc's arenas and first pages of what was loaded are still coming)."""
    d = daemon.app("pollution", dotenv=["TEST_ROUTES=true", "APP_DEBUG=false", "LOG_LEVEL=emergency"], start=False,
                   ini={"rserverd": {"isolation": "snapshot"}})
    d.set("swoole", worker_num=1, max_request=0)
    d.start()
    m = Mixed(d, leaks=LEAKS["snapshot"])
    m.run(2000)
    heap = Memory(d)
    m.run(1000)
    pages = Memory(d)
    m.run(1000)
    m.close()
    print(describe(m.kinds), heap.growth(), pages.growth())
    ((_, php, _),), ((_, _, rss),) = heap.growth(), pages.growth()
    assert php <= 1 and (rss <= 1 or proc.sanitized(d.pid("worker"))), f"PHP's heap grew by {php:.2f} %, resident pages by {rss:.2f} %"
