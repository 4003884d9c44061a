<?php
/* Callbacks that fail as a request says (E.8): HTTP on the first port, raw TCP on the second. */
set_exception_handler(function ($e) {
    echo "EXCEPTION HANDLER\n";
});
register_shutdown_function(function () {
    echo 'shutdown function of the script ' . (getmypid() === (int)getenv('RS_MASTER') ? '' : 'in ' . getmypid()) . "\n";
});

function fail(string $how): void
{
    switch ($how) {
    case 'throw':
        throw new RuntimeException('thrown on purpose');
    case 'error':
        undefined_function_of_nobody();
    case 'exit':
        exit(3);
    case 'caught exit':
        try {
            exit('status');
        } catch (Throwable $e) {
            echo 'caught ' . get_class($e) . " {$e->getStatus()} {$e->getFlags()}\n";
            return;
        }
    case 'memory':
        ini_set('memory_limit', '16M');
        str_repeat('x', 64 << 20);
    case 'kill':
        posix_kill(getmypid(), SIGKILL);
        sleep(5);
    }
}

$server = new Swoole\Http\Server('127.0.0.1', (int)getenv('RS_PORT'), SWOOLE_PROCESS);
$server->set(['worker_num' => 1, 'enable_coroutine' => (bool)getenv('COROUTINE')]);
$server->on('workerStart', function ($server, $id) {
    echo "workerStart $id " . getmypid() . "\n";
    register_shutdown_function(fn() => print('shutdown function of ' . getmypid() . "\n"));
    if (getenv('FAIL_START') && !file_exists(getenv('RS_DIR') . '/failed')) {
        touch(getenv('RS_DIR') . '/failed');
        fail(getenv('FAIL_START'));
    }
});
$server->on('workerStop', fn($server, $id) => print("workerStop $id\n"));
$server->on('workerError', fn($server, $id, $pid, $code, $signal) => print("workerError $id $pid $code $signal\n"));
$server->on('request', function ($request, $response) use ($server) {
    switch ($how = trim(urldecode($request->server['query_string'] ?? ''))) {
    case '':
        break;
    case 'timer':
        Swoole\Timer::after(1, fn() => fail('throw'));
        break;
    case 'written':
        $response->write('part');
        fail('throw');
    default:
        fail($how);
    }
    $response->end((string)getmypid());
});
$tcp = $server->listen('127.0.0.1', (int)getenv('RS_PORT2'), SWOOLE_SOCK_TCP);
$tcp->set([]);
$tcp->on('receive', function ($server, $fd, $reactor, $data) {
    fail(trim($data));
    $server->send($fd, 'well');
});
$tcp->on('close', function ($server, $fd) {
    echo "close $fd\n";
    fail((string)getenv('FAIL_CLOSE'));
});
foreach (['start', 'managerStart'] as $event) {
    $server->on($event, function ($server) use ($event) {
        echo "$event\n";
        fail(getenv('FAIL_MASTER') ?: '');
    });
}
var_dump($server->start());
echo "after start\n";
