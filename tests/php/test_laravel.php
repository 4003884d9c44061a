<?php

declare(strict_types=1);

/* The Laravel application, booted once: many requests in one process, and nothing of one in another. */

require __DIR__ . '/lib/worker.php';

use Illuminate\Foundation\Bootstrap\HandleExceptions;
use Rserverd\Shim;

$base = scaffold('laravel', 'TEST_ROUTES=true');
$worker = new Worker($base);

// ---- boot
same('Laravel', Shim::$facts['framework'], 'the framework is named');
same('local', Shim::$facts['environment'], 'so is the environment');
same([['laravels', 'process_prefix', 'Demo ' . $base]], Shim::$appConf, 'without config/laravels.php it sets only what ps shows');
check(app()->runningInConsole() === false, 'an HTTP worker does not run in the console');
check(app()->resolved('db') && app('db')->getConnections() === [], 'the database manager is made, nothing is connected');

// ---- order and events
$answer = $worker->get('/test/return?x=1');
same('returned', $answer->body, 'a returned string is the response');
same('received:bound:test/return generated:200', $answer->header('X-Events'), 'both events fire once, the request is bound');

// ---- output
same('echoed', $worker->get('/test/echo')->body, 'echo alone');
$answer = $worker->get('/test/both');
same([201, 'echoed,returned', 'yes'], [$answer->status, $answer->body, $answer->header('X-Response')], 'echo, then the response');
$answer = $worker->get('/test/both-json');
same(['echoed,{"a":1}', null], [$answer->body, $answer->header('Content-Length')], 'a length that is wrong now is dropped');
same('one,two,level ' . (Shim::$level + 1), $worker->get('/test/open-buffers')->body, 'buffers left open are sent');
same('echoed,level ' . Shim::$level, $worker->get('/test/stream-echo')->body, 'no buffer of ours under a streamed response');
$answer = $worker->get('/test/file-echo?bytes=20');
same("0123456789\n012345678", $answer->body, 'nothing is put in front of a file');
check(str_contains(end(Shim::$log)[1], 'echoed before a file'), 'but it is said in the log');
same(Shim::$level, ob_get_level() + 1, 'no buffer is left');

// ---- send, then terminate, then clean
$answer = $worker->get('/test/terminate?ms=0&file=order');
check(is_file("$base/storage/app/order") && $answer->body === 'returned', 'terminable middleware runs after the response');
foreach (['/test/exception', '/test/type-error'] as $uri) {
    same(500, $worker->get($uri)->status, "$uri becomes the framework's error page");
}
try {
    $worker->get('/test/terminate-throws');
    check(false, 'what is thrown while terminating leaves the glue');
} catch (RuntimeException $e) {
    same('thrown while terminating', $e->getMessage(), 'what is thrown while terminating leaves the glue');
}

// ---- the framework gives its reserve of memory free when a request ends
$reserve = HandleExceptions::$reservedMemory;
HandleExceptions::$reservedMemory = null;
$worker->get('/test/return');
check(is_string($reserve) && HandleExceptions::$reservedMemory === $reserve, 'the reserve of memory is back');

// ---- isolation: every trace that a request can leave
$before = $worker->get('/test/traces')->json();
foreach (['', 'web/'] as $group) {
    $left = $worker->get("/test/{$group}leave-traces?tag=mark")->json();
    $after = $worker->get('/test/traces')->json();
    foreach ($before as $what => $value) {
        same($value, $after[$what], "$what after {$group}leave-traces");
        check(in_array($what, ['user', 'request'], true) || $left[$what] !== $value, "leave-traces changes $what at all");
    }
}
foreach ([['alice', 'en'], ['bob', 'de'], ['carol', null], ['dave', null]] as [$who, $locale]) {
    same(['who' => $who, 'asked' => 1], $worker->get("/test/holder?who=$who")->json(), 'a singleton holds its own request');
    same($locale ?? 'en', $worker->get('/test/locale' . ($locale ? "?set=$locale" : ''))->json()['locale'], 'locale');
    same(['count' => 1, 'who' => $who, 'middleware' => $who], $worker->get("/test/counter?who=$who")->json(), 'controller');
    same(['prefix' => $who], $worker->get("/test/tenant?name=$who")->json(), 'a connection made from changed configuration');
    same(['before' => 0, 'now' => 1], $worker->get('/test/transaction')->json(), 'an open transaction ends with its request');
}
$worker->get('/api/hello');
$worker->get('/test/after-commit?begin=1');
$worker->get('/api/hello');
same(['committed' => ['mine'], 'wrong' => false], $worker->get('/test/after-commit')->json(), 'callbacks of a lost transaction');
same('trimmed', $worker->get('/test/note-events')->json()['text'], 'model events of the class');
check(str_contains($worker->get('/test/note-events?spoil=1')->json()['text'], 'spoiled'), 'model events of a request');
same('trimmed', $worker->get('/test/note-events')->json()['text'], 'model events of the class, again, and only those');

// ---- two users on one worker
$users = ['alice' => [], 'bob' => [], 'nobody' => []];
for ($i = 1; $i <= 102; $i++) {
    $name = array_keys($users)[$i % 3];
    $worker->cookies = $users[$name];
    if ($users[$name] === [] && $name !== 'nobody') {
        $worker->get("/test/login?user=$name&tag=$name");
    }
    $seen = $worker->get('/test/whoami')->json();
    $users[$name] = $name === 'nobody' ? [] : $worker->cookies;
    $email = $name === 'nobody' ? null : "$name@example.test";
    $tag = $name === 'nobody' ? null : $name;
    same([$email, $email, $email, $tag, $tag, true], [$seen['request'], $seen['auth'], $seen['helper'], $seen['tag'], $seen['helper_tag'],
        $seen['store']], "request $i is $name's");
}
$worker->cookies = [];
same('alice@example.test', $worker->get('/test/token?api_token=token-alice')->json()['api'] ?? null, 'token guard');
same(401, $worker->get('/test/token')->status, 'and nobody without a token');

// ---- a thousand requests: flat memory, nothing but sound
$worker->get('/api/hello');
gc_collect_cycles();
$memory = memory_get_usage();
$roots = gc_status()['roots'];
for ($i = 0; $i < 1000; $i++) {
    $answer = $worker->get($i % 10 ? '/api/hello' : '/test/holder?who=x');
    if ($answer->status !== 200) {
        check(false, "request $i of 1000: $answer->body");
        break;
    }
}
check($i === 1000, 'a thousand requests are answered');
gc_collect_cycles();
$grown = memory_get_usage() - $memory;
check($grown < 65536, "memory after a thousand requests: $grown bytes more");

$errors = array_filter(Shim::$log, static fn (array $line): bool => $line[0] >= 4);
same([], array_values($errors), 'no error in the log');
done();
