<?php
/*
 * Hostile requests for Request::parse(), its readers of forms and cookies: generated from the seed in $argv[1], $argv[2] of them. What is
 * read must be what PHP's own parse_str() reads, what the rules of cookies say, and the same however the bytes were cut. Prints what is
 * not, then "done".
 */
use Swoole\Http\Request;

mt_srand((int) $argv[1]);
$wrong = 0;

function complain(string $what, string $input, $got, $expected): void
{
    global $wrong;
    if ($wrong++ < 10) {
        echo "WRONG $what ", json_encode(['input' => base64_encode($input), 'got' => $got, 'expected' => $expected], JSON_PARTIAL_OUTPUT_ON_ERROR), "\n";
    }
}

/** @param string[] $pieces */
function made_of(array $pieces, int $most): string
{
    $s = '';
    for ($n = mt_rand(0, $most); $n > 0; $n--) {
        $s .= mt_rand(0, 9) ? $pieces[mt_rand(0, count($pieces) - 1)] : chr(mt_rand(0, 255));
    }
    return $s;
}

/** A request out of bytes that come in pieces; null: refused. */
function parse(string $bytes, bool $cut, array $options = []): ?Request
{
    $r = Request::create($options);
    for ($at = 0, $n = strlen($bytes); $at < $n && !$r->isCompleted();) {
        $size = $cut ? min($n - $at, mt_rand(1, 40)) : $n;
        if ($r->parse(substr($bytes, $at, $size)) === false) {
            return null;
        }
        $at += $size;
    }
    return $r;
}

/** null: refused, now or when its line ends. */
function shown(?Request $r): ?array
{
    $server = $r?->server;
    unset($server['request_time'], $server['request_time_float'], $server['master_time']);
    return !$r?->isCompleted() ? null : [$r->header, $server, $r->get, $r->post, $r->cookie, $r->getContent(),
        array_map(fn ($f) => is_array($f) ? array_diff_key($f, ['tmp_name' => 1]) : $f, $r->files ?? [])];
}

/** Twice, and the same. */
function both(string $what, string $bytes, array $options = []): ?Request
{
    $whole = parse($bytes, false, $options);
    $pieces = parse($bytes, true, $options);
    if (serialize(shown($whole)) !== serialize(shown($pieces))) {
        complain("$what: in pieces it is something else", $bytes, shown($pieces), shown($whole));
    }
    return $whole;
}

function head(string $lines, string $target = '/'): string
{
    return "POST $target HTTP/1.1\r\nHost: x\r\n$lines\r\n";
}

function form(string $body): void
{
    $r = both('form', head("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " . strlen($body) . "\r\n") . $body);
    @parse_str($body, $expected);
    if (($r?->post ?? []) !== $expected) {
        complain('form', $body, $r?->post, $expected);
    }
}

function query(string $text): void
{
    $text = preg_replace('/[^\x21-\x7e]|#/', 'x', $text);
    $r = both('query', "GET /?$text HTTP/1.1\r\nHost: x\r\n\r\n");
    @parse_str($text, $expected);
    if ($r !== null && ($r->get ?? []) !== $expected) {
        complain('query', $text, $r->get, $expected);
    }
}

function cookie(string $text): void
{
    $text = preg_replace('/[\x00-\x08\x0a-\x1f\x7f]/', 'x', $text);
    $r = both('cookie', head("Cookie: $text\r\nContent-Length: 0\r\n"));
    $expected = [];
    foreach (explode(';', $text) as $pair) {
        $pair = trim($pair, " \t");
        if (strpos($pair, '=') > 0) {
            [$name, $value] = array_map(fn ($s) => rawurldecode(trim($s, " \t")), explode('=', $pair, 2));
            $expected += [$name => $value];
        }
    }
    if ($r === null || ($r->cookie ?? []) !== $expected) {
        complain('cookie', $text, $r?->cookie, $expected);
    }
}

function multipart(string $body): void
{
    $dir = getenv('RS_DIR') . '/uploads';
    both('multipart', head("Content-Type: multipart/form-data; boundary=" . (mt_rand(0, 9) ? 'B' : made_of(['B', '"', ';', ',', ' '], 4)) .
        "\r\nContent-Length: " . strlen($body) . "\r\n") . $body, ['parse_files' => (bool) mt_rand(0, 1), 'upload_tmp_dir' => $dir]);
}

function bytes(string $bytes): void
{
    both('bytes', $bytes);
}

$pairs = ['a', 'b', '=', '&', '[', ']', '[]', '[k]', '%41', '%', '%5b', '%00', '+', '.', ' ', 'a=1', '&a[x][y]=2', ';', '_', '1', "\0", "\xff", '&&', '==', 'GLOBALS', '[[', ']]'];
$cookies = ['a', 'b', '=', ';', ' ', "\t", '%41', '%', '%3d', 'a=1', '; b=2', '"', ',', '[', ']', '0', '-1', '%00', '+', "\xff", ';;', '=='];
$parts = ["--B", "\r\n", '--B--', "\n", 'Content-Disposition: form-data; name="a"', 'Content-Disposition: form-data; name="f"; filename="x"', ';', '"', '\\', 'name=', 'Content-Type: text/plain',
    "\r\n\r\n", 'data', "\0", 'name="a[b][]"', 'filename=""', "--B\r\nContent-Disposition: form-data; name=\"u\"; filename=\"u\"\r\n\r\nhello\r\n", str_repeat('x', 300)];
$lines = ["GET / HTTP/1.1\r\n", "POST /a?b=c HTTP/1.0\r\n", "Host: x\r\n", "\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n", "0\r\n\r\n", "hello", ':', ' ', "\n", "\t", "A: b\r\n",
    "Content-Type: application/x-www-form-urlencoded\r\n", "Cookie: a=b\r\n", 'ffffffffffffffff', "\0", "Content-Length: 99999999999999999999\r\n", "HTTP/9.9", "\xff"];

@mkdir(getenv('RS_DIR') . '/uploads');
for ($i = 0; $i < (int) $argv[2]; $i++) {
    match ($i % 5) {
        0 => form(made_of($pairs, mt_rand(0, 50) ? 30 : 6000)),
        1 => query(made_of($pairs, 30)),
        2 => cookie(made_of($cookies, 40)),
        3 => multipart(made_of($parts, 12)),
        4 => bytes((mt_rand(0, 2) ? "POST / HTTP/1.1\r\nHost: x\r\n" : '') . made_of($lines, 14)),
    };
}
gc_collect_cycles();
$left = array_diff(scandir(getenv('RS_DIR') . '/uploads'), ['.', '..']);
if ($left) {
    complain('uploads are left', '', $left, []);
}
echo 'memory ', memory_get_usage() < 32 << 20 ? 'small' : memory_get_usage(), "\ndone $i $wrong\n";
