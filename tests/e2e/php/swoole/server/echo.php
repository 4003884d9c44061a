<?php
/* TCP echo; callbacks in each of the forms that are callable (A7). What was called goes to standard output. */
class Handlers
{
    public function connect($server, $fd, $reactor)
    {
        echo "connect $fd\n";
    }

    public static function close(Swoole\Server $server, int $fd, int $reactor)
    {
        echo "close $fd $reactor\n";
    }
}

function receive($server, $fd, $reactor, $data)
{
    $words = explode(' ', trim($data));
    if ($words[0] === 'close') {
        var_dump($server->close($fd));
        return;
    }
    $server->send($fd, "echo $data");
}

$server = new swoole_server('127.0.0.1', (int)getenv('RS_PORT'), SWOOLE_PROCESS, SWOOLE_SOCK_TCP);
$server->set(['worker_num' => 2, 'enable_coroutine' => (bool)getenv('COROUTINE')]);
$server->on('connect', [new Handlers, 'connect']);
$server->on('Receive', 'receive');
$server->on('close', 'Handlers::close');
$server->on('workerStart', function ($server, $id) {
    echo "workerStart $id\n";
});
var_dump($server->start());
