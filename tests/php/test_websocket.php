<?php

declare(strict_types=1);

/* WebSocket connections of the Laravel application: upgrades through the routes, and who speaks in later events. */

require __DIR__ . '/lib/worker.php';

use App\Testing\Chat;
use App\Testing\OwnHandshake;
use App\Testing\Plain;
use App\Testing\Tcp;
use App\Testing\Udp;
use Rserverd\Server\Identity;
use Rserverd\Shim;
use Swoole\Http\Request;
use Swoole\Http\Response;
use Swoole\WebSocket\Frame;

spl_autoload_register(static function (string $class): void {
    if (in_array($class, [Chat::class, OwnHandshake::class, Tcp::class, Plain::class, Udp::class], true)) {
        require_once __DIR__ . '/lib/sockets.php';
    }
});

$base = scaffold('laravel', 'TEST_ROUTES=true', 'SESSION_DRIVER=file');
$socket = static fn (string $class, int $type, array $settings = [], bool $enable = true): array => ['host' => '127.0.0.1', 'port' => 5300 + $type,
    'type' => $type, 'handler' => $class, 'enable' => $enable, 'optional' => false, 'settings' => $settings];
$worker = new Worker($base, ['server' => 'Test', 'websocket' => ['enable' => true, 'handler' => Chat::class, 'gate' => true],
    'swoole' => ['max_conn' => 1024, 'websocket_subprotocol' => 'chat'], 'sockets' => [
        'own' => $socket(OwnHandshake::class, 1), 'tcp' => $socket(Tcp::class, 1, ['open_eof_check' => true]),
        'udp' => $socket(Udp::class, 2), 'http' => $socket(Plain::class, 1), 'off' => $socket('Nowhere', 1, [], false)]]);
$server = Shim::$server;
same(Swoole\WebSocket\Server::class, $server::class, 'the class of the server');
check(app('swoole') === $server, "app('swoole') is the server");
same([], Shim::$kept['identity']->columns === [] ? ['no table'] : [], 'identities have a table');

// ---- ports
[$own, $tcp, $udp, $http] = $server->listening;
same(4, count($server->listening), 'what is not enabled is left out');
same(['handshake', 'message', 'close'], array_keys($own->on), 'a WebSocket port');
same(['connect', 'receive', 'close', 'bufferFull', 'bufferEmpty'], array_keys($tcp->on), 'a TCP port');
same(['open_eof_check' => true, 'open_http_protocol' => false, 'open_websocket_protocol' => false], $tcp->setting, 'its settings');
same([['packet'], ['request']], [array_keys($udp->on), array_keys($http->on)], 'UDP and HTTP ports');
same(['open_http_protocol' => true, 'open_websocket_protocol' => true], $own->setting, 'the handler says what the port speaks');
($tcp->on['connect'])($server, 1, 0);
(Shim::$clean)();
($tcp->on['receive'])($server, 1, 0, 'bytes');
(Shim::$clean)();
same([['bytes', 5301]], Tcp::$seen, 'what comes reaches the handler, which knows its port');
Shim::$log = [];
($tcp->on['receive'])($server, 1, 0, 'throw');
(Shim::$clean)();
check(str_contains(end(Shim::$log)[1], 'onReceive of the port tcp: TypeError: in a port'), 'what it throws is logged');
$request = new Request();
($http->on['request'])($request, $response = new Response());
same(['plain', 'Test'], [$response->body, $response->header['Server']], 'HTTP of its own');
$request->fd = 9;
($http->on['request'])($request, $response = new Response());
same(500, $response->status, 'a handler that throws');
(Shim::$clean)();

// ---- upgrades
$upgrade = static function (int $fd, string $uri, array $headers = [], ?object $port = null) use ($worker, $server): Response {
    $request = new Request();
    $request->fd = $fd;
    $request->header = $headers + ['sec-websocket-key' => 'dGhlIHNhbXBsZSBub25jZQ==', 'upgrade' => 'websocket'];
    $worker->prepare('GET', $uri, [], ['HTTP_USER_AGENT' => "agent $fd", 'HTTP_UPGRADE' => 'websocket', 'HTTP_ACCEPT' => 'text/html']);
    $server->open[$fd] = true;
    $response = new Response();
    ob_start();
    try {
        (($port ?? $server)->on['handshake'])($request, $response);
    } finally {
        ob_end_clean();
        (Shim::$clean)();
    }

    return $response;
};
$seen = static function (): array {
    $seen = Chat::$seen;
    Chat::$seen = [];

    return $seen;
};
$message = static function (int $fd) use ($server): void {
    $frame = new Frame();
    $frame->fd = $fd;
    $_SERVER = $_COOKIE = $_GET = [];
    ($server->on['message'])($server, $frame);
    (Shim::$clean)();
};

$worker->get('/test/login?user=alice&tag=a');
$alice = $worker->cookies;
$response = $upgrade(1, '/test/whoami?x=7', ['sec-websocket-protocol' => 'other, chat']);
same([101, 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=', 'websocket', 'Upgrade', '13', 'chat', 'Test'], [$response->status,
    ...array_map(static fn (string $name): mixed => $response->header[$name] ?? null, ['Sec-Websocket-Accept', 'Upgrade', 'Connection',
        'Sec-Websocket-Version', 'Sec-Websocket-Protocol', 'Server'])], 'the answer');
check(str_contains(implode((array) $response->header['Set-Cookie']), '_session='), 'cookies of the route are passed on');
$who = ['user' => 'alice@example.test', 'id' => 1, 'tag' => 'a', 'path' => 'test/whoami', 'query' => '7', 'agent' => 'agent 1', 'facade' => true,
    'request' => 'alice@example.test'];
same([['open', 1] + $who], $seen(), 'onOpen runs in the request of the upgrade');
$message(1);
same([['message', 1] + $who], $seen(), 'and onMessage in its identity');

// ---- two connections, and one without a user, on one worker
$worker->cookies = [];
$worker->get('/test/login?user=bob&tag=b');
$upgrade(2, '/test/whoami');
$worker->cookies = [];
$upgrade(3, '/test/return');
$seen();
foreach ([2 => 'bob@example.test', 1 => 'alice@example.test', 3 => null] as $fd => $email) {
    $message($fd);
    same([$email, $email, $email !== null], [($one = $seen()[0])['user'], $one['request'], $one['facade']], "connection $fd");
}
$answer = $worker->get('/test/whoami')->json();
same([null, null], [$answer['auth'], $answer['tag']], 'nothing of it reaches a request');
same(1, Chat::$made, 'one handler object per worker');

// ---- a token guard, which has no session
$user = App\Models\User::query()->where('email', 'alice@example.test')->firstOrFail();
(Shim::$clean)();
$upgrade(4, '/test/token?api_token=' . $user->api_token);
$opened = $seen();
$message(4);
same(['alice@example.test', 'alice@example.test'], [$opened[0]['user'] ?? null, $seen()[0]['user']], 'auth:api');

// ---- the gate
$response = $upgrade(5, '/test/status/403');
same([403, []], [$response->status, $seen()], 'a route that refuses refuses the upgrade');
same(404, $upgrade(5, '/nowhere')->status, 'a path without a route');
$response = $upgrade(5, '/me');
same([302, true], [$response->status, str_contains($response->header['Location'], '/login')], 'auth sends to the login, with its headers');
same(400, $upgrade(5, '/test/return', ['sec-websocket-key' => 'short'])->status, 'no key');
same([], $seen(), 'and nobody has opened');

// ---- onHandShake
same([101, 'mine'], [($response = $upgrade(6, '/test/return', [], $own))->status, $response->header['Sec-Websocket-Accept']], 'a handshake of the handler\'s own');
same([['open', 6]], array_map(static fn (array $s): array => [$s[0], $s[1]], $seen()), 'then onOpen');
same(403, $upgrade(7, '/test/return', ['x-refuse' => '1'], $own)->status, 'it may refuse');
same([], $seen(), 'then nobody has opened');

// ---- what onOpen puts into the session is saved; what the route flashed stays for the next request
$worker->cookies = $alice;
Chat::$during = static fn () => session(['tag' => 'from onOpen']);
$upgrade(8, '/test/whoami');
Chat::$during = null;
same('from onOpen', $worker->get('/test/whoami')->json()['tag'], 'the session is saved');
$message(8);
same('from onOpen', array_slice($seen(), -1)[0]['tag'], 'onMessage reads it');

// ---- what is thrown
Chat::$during = static fn () => throw new TypeError('in a handler');
Shim::$log = [];
same(101, $upgrade(10, '/test/whoami')->status, 'onOpen that throws: the connection stays');
check(str_contains(end(Shim::$log)[1], 'in a handler'), 'it is logged');
$message(10);
check(str_contains(end(Shim::$log)[1], 'onMessage of the main port: TypeError'), 'onMessage too');
Chat::$during = null;

// ---- closing
$seen();
$kept = Shim::$kept['identity'];
check($kept->get('2', 'who') !== false, 'an identity is kept while the connection is open');
unset($server->open[2]);
($server->on['close'])($server, 2, 0);
(Shim::$clean)();
same([['close', 2, 'bob@example.test']], array_map(static fn (array $s): array => [$s[0], $s[1], $s['user']], $seen()), 'onClose knows who it was');
same(false, $kept->get('2', 'who'), 'then it is gone');

// ---- one handler closes the connection of another: onClose waits, and each sees its own user
$worker->cookies = [];
$worker->get('/test/login?user=bob&tag=b');
$upgrade(11, '/test/whoami');
$seen();
Chat::$during = static function ($server) use ($seen): void {
    unset($server->open[11]);
    ($server->on['close'])($server, 11, 0);
    Chat::$seen[] = ['after', auth()->user()?->email];
};
$message(1);
Chat::$during = null;
same([['message', 'alice@example.test'], ['after', 'alice@example.test'], ['close', 'bob@example.test']],
    array_map(static fn (array $s): array => [$s[0], $s['user'] ?? $s[1]], $seen()), 'a connection closed by another\'s handler');

// ---- the end of the scope comes however onOpen ends
Chat::$during = static function (): void {
    session(['tag' => 'before the end']);
    throw new TypeError('in onOpen');
};
$worker->cookies = $alice;
$upgrade(12, '/test/whoami');
Chat::$during = null;
same('before the end', $worker->get('/test/whoami')->json()['tag'], 'what onOpen did before it threw is saved');

// ---- bounds: what does not fit goes, least important first
$full = static function (array $more) use ($worker): Illuminate\Http\Request {
    return new Illuminate\Http\Request([], [], [], $more['cookies'] ?? [], [], $more['server'] ?? []);
};
$identity = Identity::current(app(), $full(['cookies' => ['c' => str_repeat('x', 3000)], 'server' => ['HTTP_A' => str_repeat('y', 3000), 'REMOTE_ADDR' => '1.2.3.4']]));
foreach ([10000 => [true, true, true], 4096 => [false, true, true], 1000 => [false, false, true], 120 => [false, false, false]] as $most => $holds) {
    $text = (string) $identity->encode($most);
    same([true, ...$holds], [strlen($text) <= $most && $text !== '', str_contains($text, 'xxx'), str_contains($text, 'yyy'), str_contains($text, '1.2.3.4')], "$most bytes");
}
same(null, $identity->encode(10), 'not even that fits');
foreach (['', 'x', 'O:8:"stdClass":0:{}', serialize([1])] as $text) {
    same(null, Identity::decode($text), "no identity: $text");
}

// ---- a full table gets rid of connections that are gone
$server->open = [1 => true];
for ($i = 1000; $i < 3000; $i++) {
    $kept->set((string) $i, ['who' => 'x']);
}
$upgrade(13, '/test/whoami');
check($kept->get('13', 'who') !== false && $kept->get('1500', 'who') === false, 'the table is swept when it is full');
done();
