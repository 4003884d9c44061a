<?php

declare(strict_types=1);

/* The Lumen application, booted once: many requests in one process, and nothing of one in another. */

require __DIR__ . '/lib/worker.php';

use Rserverd\Shim;

$base = scaffold('lumen');
mkdir("$base/config/more");
file_put_contents("$base/config/laravels.php", "<?php return ['listen_ip' => '127.0.0.2', 'register_providers' => ['App\\\\Providers\\\\AgainProvider']];");
file_put_contents("$base/app/Providers/AgainProvider.php", <<<'PHP'
    <?php
    namespace App\Providers;

    class AgainProvider extends \Illuminate\Support\ServiceProvider
    {
        public static array $calls = [];

        public function register()
        {
            self::$calls[] = 'register';
            $this->app->router->get('/again/{id}', fn ($id) => ['id' => $id, 'calls' => self::$calls]);
        }

        public function boot()
        {
            self::$calls[] = 'boot';
        }
    }
    PHP);
$worker = new Worker($base, ['framework' => 'lumen', 'register_providers' => ['App\Providers\AgainProvider', 'No\Such']]);

// ---- boot
same(['Lumen', app()->version()], [Shim::$facts['framework'], Shim::$facts['framework_version']], 'the framework is named');
same([['laravels', 'listen_ip', '127.0.0.2'], ['laravels', 'register_providers[]', 'App\Providers\AgainProvider'],
    ['laravels', 'process_prefix', 'lumen-demo ' . $base]], Shim::$appConf,
    'config/laravels.php, though the application does not configure() it');
check(app('db')->getConnections() === [], 'the database manager is made, nothing is connected');
same([app()->version(), 'lumen-demo'], [($a = $worker->get('/')->json())['framework'], $a['name']], 'it serves');

// ---- routes
same('Hello you', $worker->get('/hello/you')->body, 'a closure with a service');
same(['name' => 'two.parts', 'first' => 'a', 'all' => ['first' => 'a', 'second' => '7'], 'is' => true, 'url' => 'http://test.example/route/a/7'],
    $worker->get('/route/a/7')->json(), '$request->route()');
same(['route' => []], $worker->get('/unrouted')->json(), 'not the route of the request before');
same([404, 405], [$worker->get('/nowhere')->status, $worker->request('POST', '/hello/you')->status], 'not found, not allowed');
same(404, $worker->get('/route/a/b')->status, 'a route with a condition');
for ($i = 1; $i <= 3; $i++) {
    $calls = $worker->get("/again/$i")->json()['calls'];
    same([(string) $i, 2 * $i], [$worker->get("/again/$i")->json()['id'], count(array_slice($calls, 0, 2 * $i))], 'register_providers');
}
same(['register', 'boot', 'register', 'boot'], array_slice(App\Providers\AgainProvider::$calls, -4), 'registered and booted for every request');
check(str_contains(implode("\n", array_column(Shim::$log, 1)), 'there is no class No\Such'), 'one that does not exist is named');

// ---- configuration
$config = $worker->get('/config')->json();
same([['currency' => 'EUR', 'limits' => ['notes' => 10]], true, '127.0.0.2'], [$config['shop'], $config['unasked'], $config['listen']], 'every file is there');

// ---- order, events, output
$answer = $worker->get('/hello/x?terminate_file=order');
same('received:bound:hello/x generated:200', $answer->header('X-Events'), 'both events fire once, the request is bound');
same('hello/x 200', file_get_contents("$base/storage/app/order"), 'terminable middleware has request and response');
same(['echoed', 'echoed,returned'], [$worker->get('/end/echo')->body, $worker->get('/end/echo?return=1')->body], 'echo and return');
same("piece 1\npiece 2\npiece 3\n", $worker->get('/end/stream')->body, 'a stream');
same(file_get_contents("$base/resources/data.txt"), $worker->get('/end/file')->body, 'a file');
same('<h1>Hello bob</h1>' . "\n<p>&lt;one&gt;</p>\n<p>two</p>\n", $worker->get('/view/bob')->body, 'a view');
throws('thrown while terminating', static fn () => $worker->get('/hello/x?terminate_throws=1'), 'what is thrown while terminating leaves the glue');
same('Hello y', $worker->get('/hello/y')->body, 'and the next request is served');

// ---- exceptions
same([418, ['error' => 'short and stout', 'path' => 'end/teapot']], [($a = $worker->get('/end/teapot'))->status, $a->json()], "the application's handler");
same([500, 500, 403], [$worker->get('/end/exception')->status, $worker->get('/end/error')->status, $worker->get('/abort/403')->status], 'errors');
check(str_contains((string) file_get_contents("$base/storage/logs/lumen.log"), 'nobody expects it'), 'and they are reported');

// ---- users
foreach (range(1, 60) as $i) {
    $name = ['alice', 'bob', null][$i % 3];
    $answer = $worker->request('GET', '/api/me', [], $name ? ['HTTP_AUTHORIZATION' => "Bearer token-$name"] : []);
    $want = $name ? ['user' => ucfirst($name), 'auth' => ucfirst($name), 'alice' => $name === 'alice'] : null;
    same([$name ? 200 : 401, $want], [$answer->status, $name ? $answer->json() : null], "request $i is of " . ($name ?? 'nobody'));
}
foreach ([1, 1] as $calls) {
    same($calls, $worker->request('GET', '/api/notes', [], ['HTTP_AUTHORIZATION' => 'Bearer token-bob'])->json()['calls'], 'a new controller');
}
$note = $worker->request('POST', '/api/notes', ['text' => 'first'], ['HTTP_AUTHORIZATION' => 'Bearer token-bob']);
same([201, ['first']], [$note->status, $note->json()['seen']], 'an event of its own');
same(422, $worker->request('POST', '/api/notes', ['text' => ''], ['HTTP_AUTHORIZATION' => 'Bearer token-bob'])->status, 'validation');
same(404, $worker->request('GET', '/api/notes/99', [], ['HTTP_AUTHORIZATION' => 'Bearer token-bob'])->status, 'a model that is not there');

// ---- isolation
$before = $worker->get('/traces')->json();
for ($i = 0; $i < 3; $i++) {
    $left = $worker->get('/leave-traces')->json();
    $after = $worker->get('/traces')->json();
    foreach ($before as $what => $value) {
        same($value, $after[$what], "$what after leave-traces");
        check($left[$what] !== $value, "leave-traces changes $what at all");
    }
}
same(404, $worker->get('/added-by-a-request')->status, 'a route that a request added');
same(404, $worker->get('/added-by-a-request/1')->status, 'one with a parameter');
foreach (['a', 'b'] as $part) {
    same(['path' => "holder/$part"], $worker->get("/holder/$part")->json(), 'a service made at boot sees the request that runs');
}

// ---- a thousand requests: flat memory
gc_collect_cycles();
$memory = memory_get_usage();
App\Providers\AgainProvider::$calls = [];
for ($i = 0; $i < 1000; $i++) {
    $answer = $worker->get($i % 2 ? "/hello/$i" : '/view/x');
    if ($answer->status !== 200) {
        check(false, "request $i of 1000: $answer->body");
        break;
    }
    App\Providers\AgainProvider::$calls = [];
}
gc_collect_cycles();
$grown = memory_get_usage() - $memory;
check($grown < 65536, "memory after a thousand requests: $grown bytes more");
same([], array_values(array_filter(Shim::$log, static fn (array $line): bool => $line[0] >= 4)), 'no error in the log');
done();
