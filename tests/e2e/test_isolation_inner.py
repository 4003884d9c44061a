"""Snapshot isolation of objects that keep their contents in C: SPL containers, dates, WeakMap. One worker: everybody meets there."""

import pytest

# name: (what boot leaves in $o, what a request does to it, what another request shows of it)
CASES = {
    "ArrayObject": ("new ArrayObject([1, 'k' => [2]])", "$o[] = 3; $o['k'][] = 4; unset($o[0]);", "$o->getArrayCopy()"),
    "ArrayObject in place": ("new ArrayObject([1, 2])", "$o[0] = 'x';", "$o->getArrayCopy()"),
    "ArrayObject order": ("new ArrayObject(['a' => 1, 'b' => 1])", "$o->uksort(fn ($a, $b) => strcmp($b, $a));",
                          "array_keys($o->getArrayCopy())"),
    "ArrayObject by reference": ("new ArrayObject([1, [2]])", "foreach ($o as &$v) { $v = 'x'; } $GLOBALS['r'] = &$v;", "$o->getArrayCopy()"),
    "ArrayObject of a reference": ("(function () { $a = [1, 2]; $a[0] = &$GLOBALS['bound']; return new ArrayObject($a); })()",
                                   "$o[0] = 'x'; $GLOBALS['bound'] = 'y';", "[$o->getArrayCopy(), $GLOBALS['bound'] ?? null]"),
    "ArrayObject that writes itself": ("new ArrayObject([1])", "$o[] = new Again($o); $o['a'] = [new Again($o)];", "$o->getArrayCopy()"),
    "SplQueue that writes itself": ("filled(new SplQueue)", "$o[] = new Again($o);", "iterator_to_array($o)"),
    "WeakMap that writes itself": ("weak()", "$o[$GLOBALS['again'] = new Again($o)] = new Again($o);", "count($o)"),
    "SplObjectStorage that writes itself": ("storage()", "$o[new Again($o)] = new Again($o);", "count($o)"),
    "SplObjectStorage in itself": ("storage()", "$o[$o] = $o;", "count($o)"),
    "SplFixedArray of itself": ("new SplFixedArray(2)", "$o[0] = $o; $o[1] = new Again($o);", "[$o[0], $o[1]]"),
    "ArrayObject exchange": ("new ArrayObject([1])", "$o->exchangeArray([7, 8]);", "$o->getArrayCopy()"),
    "ArrayObject flags": ("new ArrayObject([1])", "$o->setFlags(2); $o->setIteratorClass('RecursiveArrayIterator');",
                          "[$o->getFlags(), $o->getIteratorClass()]"),
    "ArrayObject of an object": ("new ArrayObject((object) ['a' => 1])", "$o->exchangeArray([2]);", "$o->getArrayCopy()"),
    "ArrayIterator": ("new ArrayIterator([1, 2])", "$o[] = 3; $o->next();", "iterator_to_array($o)"),
    "subclass": ("new class([1]) extends ArrayObject { public $p = 1; function __clone() { note('clone'); } "
                 "function __destruct() { note('destruct'); } }", "$o[] = 2;", "[$o->getArrayCopy(), $o->p, notes()]"),
    "SplObjectStorage": ("storage()", "$o[new stdClass] = 9; $o[member()] = 2;", "[count($o), $o[member()]]"),
    "SplObjectStorage data": ("storage()", "$o[member()] = 7;", "$o[member()]"),
    "SplObjectStorage detach": ("storage()", "$o->detach(member());", "[count($o), $o->contains(member())]"),
    "SplObjectStorage position": ("storage()", "$o->rewind(); $o->next();", "$o->key()"),
    "SplObjectStorage getHash": ("(function () { $o = new class extends SplObjectStorage { function getHash($o): string { "
                                 "note('hash'); return spl_object_hash($o); } }; $o[member()] = 1; forget(); return $o; })()",
                                 "$o[new stdClass] = 1; forget();", "[notes(), count($o)]"),
    "MultipleIterator": ("new MultipleIterator(MultipleIterator::MIT_KEYS_ASSOC)",
                         "$o->attachIterator(new ArrayIterator([1]), 'a'); $o->setFlags(0);",
                         "[$o->countIterators(), $o->getFlags()]"),
    "SplDoublyLinkedList": ("filled(new SplDoublyLinkedList)", "$o[0] = 'x'; $o->push(9);", "iterator_to_array($o)"),
    "SplQueue": ("filled(new SplQueue)", "$o->dequeue(); $o->enqueue('late');", "iterator_to_array($o)"),
    "SplStack": ("filled(new SplStack)", "$o->pop(); $o->setIteratorMode(3);", "[$o->getIteratorMode(), iterator_to_array($o)]"),
    "SplMinHeap": ("filled(new SplMinHeap)", "$o->extract(); $o->insert(0);", "[count($o), $o->top()]"),
    "SplMaxHeap": ("filled(new SplMaxHeap)", "foreach ($o as $x) { }", "[count($o), $o->top()]"),
    "SplHeap of the user": ("filled(new class extends SplHeap { function compare($a, $b): int { note('cmp'); return $a <=> $b; } })",
                            "$o->insert(100);", "[count($o), $o->top(), notes()]"),
    "SplPriorityQueue": ("(function () { $q = new SplPriorityQueue; $q->insert('a', 1); $q->insert('b', 2); return $q; })()",
                         "$o->extract(); $o->insert('c', 3); $o->setExtractFlags(3);", "[count($o), $o->top(), $o->getExtractFlags()]"),
    "SplFixedArray": ("SplFixedArray::fromArray([1, 2])", "$o[0] = 'x'; $o->setSize(5); var_export($o, true);",
                      "[$o->toArray(), (array) $o]"),
    "SplFixedArray shown": ("SplFixedArray::fromArray([1, 2])", "var_export($o, true);", "(array) $o"),
    "DateTime": ("new DateTime('2020-01-02 03:04:05 UTC')", "$o->modify('+1 month'); $o->setTimezone(new DateTimeZone('Asia/Tokyo'));",
                 "$o->format('c e')"),
    "DateTime abbreviation": ("new DateTime('2020-01-02 03:04:05 EST')", "$o->setTimestamp(5); $o->setTimezone(new DateTimeZone('CET'));",
                              "$o->format('c T')"),
    "DateTime of the user": ("new class('2020-01-02') extends DateTime { public $p = 1; function __clone() { note('clone'); } }",
                             "$o->setDate(1999, 1, 1);", "[$o->format('Y'), $o->p, notes()]"),
    "DateTimeImmutable": ("new DateTimeImmutable('2020-01-02')", "$o->__construct('1999-01-01');", "$o->format('Y')"),
    "DateInterval": ("new DateInterval('P1D')", "$o->d = 5; $o->h = 2;", "$o->format('%d %h')"),
    "WeakMap": ("weak()", "$o[new stdClass] = 1; $o[member()] = 'x'; $GLOBALS['kept'] = new stdClass; $o[$GLOBALS['kept']] = 3;",
                "[count($o), $o[member()]]"),
    "WeakMap in place": ("weak()", "$o[member()][] = 'x';", "$o[member()]"),
    "WeakMap unset": ("weak()", "unset($o[member()]);", "[count($o), isset($o[member()]), array_values(iterator_to_array($o, false))]"),
}

ENTRY = """<?php
function note($what) { $GLOBALS['notes'][] = $what; }
function notes() { return $GLOBALS['notes'] ?? []; }
function forget() { $GLOBALS['notes'] = []; }
function member() { static $member; return $member ??= new stdClass; }
function storage() { $s = new SplObjectStorage; $s[member()] = 1; $s[$GLOBALS['second'] = new stdClass] = 2; return $s; }
function weak() { $m = new WeakMap; $m[member()] = [1]; $m[$GLOBALS['third'] = new stdClass] = 2; return $m; }
function filled($o) { foreach ([3, 1, 2] as $n) { $o instanceof SplHeap ? $o->insert($n) : $o->push($n); } return $o; }
class Again {
    function __construct(private $o) { }
    function __destruct() {
        if ($this->o instanceof SplFixedArray) { $this->o[0] = 'again'; }
        elseif ($this->o instanceof SplObjectStorage || $this->o instanceof WeakMap) { $this->o[$GLOBALS['late'] = new stdClass] = 'again'; }
        else { $this->o[] = 'again'; }
    }
}
member();
$objects = [%s];
forget();
return function () use ($objects) {
    if ($_SERVER['PATH_INFO'] ?? parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) === '/memory') {
        gc_collect_cycles();
        echo memory_get_usage();
        return;
    }
    $o = $objects[$_GET['name']];
    switch ($_GET['do']) {
        %s
    }
};
"""


def entry(cases):
    objects = ", ".join(f"'{n}' => {c[0]}" for n, c in cases.items())
    arms = "".join(f"case 'pollute {n}': {c[1]} break;\n case 'show {n}': echo json_encode({c[2]}); break;\n" for n, c in cases.items())
    return ENTRY % (objects, arms)


def ask(d, what, name):
    return d.get(f"/?name={name}&do={what} {name}".replace(" ", "%20")).body


def isolated(daemon, **kw):
    return daemon.callable(entry(CASES), ini={"swoole": {"worker_num": 1}, "rserverd": {"isolation": "snapshot"}}, **kw)


@pytest.mark.parametrize("env", [{}, {"USE_ZEND_ALLOC": "0"}], ids=["", "malloc"])
def test_contents_are_as_boot_left_them(daemon, env):
    d = isolated(daemon, env=env)
    wrong = {}
    for name in CASES:
        before = ask(d, "show", name)
        assert before and b"<" not in before, (name, before)
        for _ in range(3):
            ask(d, "pollute", name)
            after = ask(d, "show", name)
            if after != before:
                wrong[name] = (before, after)
    assert not wrong
    assert len(d.pids("worker")) == 1 and "fatal error" not in d.log()


def test_pollution_is_seen_within_its_request(daemon):
    """The rows above are pollutions: greedy shows each of them."""
    d = daemon.callable(entry(CASES), ini={"swoole": {"worker_num": 1}, "rserverd": {"isolation": "greedy"}})
    same = []
    for name in CASES:
        before = ask(d, "show", name)
        ask(d, "pollute", name)
        if ask(d, "show", name) == before:
            same.append(name)
    assert same == ["SplFixedArray shown"], "only looked at there"


def test_two_thousand_pollutions_do_not_grow(daemon):
    d = isolated(daemon)
    names = list(CASES)

    def some(n):
        with d.conn() as c:
            for i in range(n):
                c.request(f"/?name={names[i % len(names)]}&do=pollute {names[i % len(names)]}".replace(" ", "%20"))
        return int(d.get("/memory").body)
    some(300)
    before = some(300)
    after = some(2000)
    assert after - before < 2000, (before, after)


def test_jit(daemon):
    d = isolated(daemon, start=False)
    d.set("php", **{"opcache.jit": "tracing", "opcache.jit_buffer_size": "32M", "opcache.jit_hot_func": 3, "opcache.jit_hot_loop": 3})
    d.start()
    for name in CASES:
        before = ask(d, "show", name)
        for _ in range(8):
            ask(d, "pollute", name)
            assert ask(d, "show", name) == before, name
