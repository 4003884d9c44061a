<?php
/*
 * Callbacks of a TCP server that act on what they are called for: close in close, ends of the process in it, the server taken
 * apart. A line is the name of a case.
 */
$server = new Swoole\Server('127.0.0.1', (int)getenv('RS_PORT'));
$server->set(['worker_num' => 1, 'task_worker_num' => 1, 'enable_coroutine' => (bool)getenv('RS_COROUTINE'), 'log_level' => SWOOLE_LOG_ERROR,
    'open_eof_split' => true, 'package_eof' => "\n"]);
class Cancelling
{
    public function __construct(public int $cid) {}

    public function __wakeup()
    {
        Swoole\Coroutine::cancel($this->cid);
    }
}
$inClose = null;
$cases = [
    'pid' => fn($server, $fd) => $server->send($fd, getmypid() . "\n"),
    'close in close' => function ($server, $fd) use (&$inClose) {
        $inClose = fn($fd) => [$server->close($fd), $server->close($fd, true), $server->send($fd, 'x'), $server->getClientInfo($fd)];
        $server->close($fd);
    },
    'throw in close' => function ($server, $fd) use (&$inClose) {
        $inClose = fn() => throw new Exception('in close');
        $server->close($fd);
    },
    'exit in close' => function ($server, $fd) use (&$inClose) {
        $inClose = fn() => exit(3);
        $server->close($fd);
    },
    'fatal in close' => function ($server, $fd) use (&$inClose) {
        $inClose = fn() => str_repeat('x', PHP_INT_MAX - 100);
        $server->close($fd);
    },
    'apart' => function ($s, $fd) {
        global $server;
        $server = null;
        $s->ports = $s->setting = $s->connections = null;
        gc_collect_cycles();
        $s->send($fd, "still\n");
    },
    'cancel' => function ($server, $fd) {
        $server->send($fd, json_encode($server->taskwait(new Cancelling(max(0, Swoole\Coroutine::getCid())), 5) !== null) . "\n");
    },
];
$server->on('receive', fn($server, $fd, $reactor, $data) => $cases[trim($data)]($server, $fd));
$server->on('task', fn($server, $id, $from, $data) => $data);
$server->on('close', function ($server, $fd) use (&$inClose) {
    if ($do = $inClose) {
        $inClose = null;
        $do($fd);
    }
});
$server->start();
