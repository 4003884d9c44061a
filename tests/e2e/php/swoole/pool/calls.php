<?php
/* PP1 - PP9: what the calls answer before start(), in workers, and after the end. */
require __DIR__ . '/../memory/check.php';

use Swoole\Process\Pool;

same('alias', true, is_a('swoole_process_pool', Pool::class, true));
same('methods', [], array_diff(['__construct', 'set', 'on', 'getProcess', 'listen', 'write', 'sendMessage', 'detach', 'start', 'stop', 'shutdown'],
    get_class_methods(Pool::class)));

/* constructor */
foreach ([0, -1] as $n) {
    throws("$n workers", Swoole\Exception::class, null, fn () => new Pool($n));
}
throws('no such IPC', Swoole\Exception::class, null, fn () => new Pool(1, 4));
throws('a type', TypeError::class, null, fn () => new Pool('many'));
foreach ([SWOOLE_IPC_MSGQUEUE, SWOOLE_IPC_SOCKET] as $ipc) {
    throws("coroutines with IPC $ipc", Error::class, null, fn () => new Pool(1, $ipc, 0, true));
}
$pool = new Pool(2);
same('properties', [-1, null], [$pool->master_pid, $pool->workers]);
throws('clone', Error::class, null, fn () => clone $pool);
throws('serialize', Exception::class, null, fn () => serialize($pool));
throws('unset', Error::class, null, function () use ($pool): void {
    unset($pool->master_pid);
});

/* on */
same('events, in any case', [true, true, true], [$pool->on('WorkerStart', fn () => 0), $pool->on('workerstop', fn () => 0), $pool->on('START', fn () => 0)]);
warns('no such event', 'Swoole\Process\Pool::on(): ', fn () => $pool->on('request', fn () => 0));
warns('message without IPC', 'Swoole\Process\Pool::on(): ', fn () => $pool->on('message', fn () => 0));
throws('not callable', TypeError::class, null, fn () => $pool->on('start', 'no_such_function'));
same('message with IPC', true, (new Pool(1, SWOOLE_IPC_UNIXSOCK))->on('message', fn () => 0));

/* before start */
silent('getProcess before start', false, fn () => $pool->getProcess());
silent('getProcess before start, by id', false, fn () => $pool->getProcess(0));
silent('detach before start', false, fn () => $pool->detach());
silent('shutdown before start', false, fn () => $pool->shutdown());
silent('stop before start', null, fn () => $pool->stop());
warns('listen without SOCKET', 'Swoole\Process\Pool::listen(): unsupported ipc type', fn () => $pool->listen('127.0.0.1', 1));
warns('write without SOCKET', 'Swoole\Process\Pool::write(): unsupported ipc type', fn () => $pool->write('x'));
warns('sendMessage before start', 'Swoole\Process\Pool::sendMessage(): ', fn () => $pool->sendMessage('x', 0));
$socket = new Pool(1, SWOOLE_IPC_SOCKET);
$socket->on('message', fn () => 0);
warns('start without listen', 'Swoole\Process\Pool::start(): ', fn () => $socket->start());
warns('listen: no address', 'Swoole\Process\Pool::listen(): ', fn () => $socket->listen('no address', 1));
warns('listen: no port', 'Swoole\Process\Pool::listen(): ', fn () => $socket->listen('127.0.0.1', 0));
warns('listen: a port too high', 'Swoole\Process\Pool::listen(): ', fn () => $socket->listen('127.0.0.1', 65536));
warns('listen: no path', 'Swoole\Process\Pool::listen(): ', fn () => $socket->listen('unix:' . str_repeat('x', 200)));
file_put_contents('precious', 'content');
warns('listen: a file is in the way', 'Swoole\Process\Pool::listen(): ', fn () => $socket->listen('unix:' . getcwd() . '/precious'));
same('it stays', 'content', file_get_contents('precious'));
same('listen', true, $socket->listen('unix:' . getcwd() . '/socket'));
same('an old socket is replaced', true, $socket->listen('unix:/' . getcwd() . '/socket'));
silent('write outside of a message', false, fn () => $socket->write('x'));

/* one worker says what it sees */
$file = getcwd() . '/worker';
$pool = new Pool(1, SWOOLE_IPC_UNIXSOCK);
same('set', null, $pool->set(['max_package_size' => 1000, 'enable_message_bus' => true, 'unknown' => 1]));
$pool->on('workerStart', function (Pool $pool, int $id) use ($file): void {
    ob_start();
    same('the worker\'s id', 0, $id);
    same('master_pid', posix_getppid(), $pool->master_pid);
    $own = $pool->getProcess();
    same('its process', [true, getmypid(), 0], [$own instanceof Swoole\Process, $own->pid, $own->id]);
    same('the same object', true, $own === $pool->getProcess(0));
    same('workers', [$own], $pool->workers);
    warns('getProcess: none', 'Swoole\Process\Pool::getProcess(): ', fn () => $pool->getProcess(1));
    warns('on, once started', 'Swoole\Process\Pool::on(): ', fn () => $pool->on('start', fn () => 0));
    warns('start again', 'Swoole\Process\Pool::start(): ', fn () => $pool->start());
    warns('sendMessage to nobody', 'Swoole\Process\Pool::sendMessage(): ', fn () => $pool->sendMessage('x', 1));
    warns('sendMessage to nobody, negative', 'Swoole\Process\Pool::sendMessage(): ', fn () => $pool->sendMessage('x', -1));
    warns('sendMessage: empty', 'Swoole\Process\Pool::sendMessage(): ', fn () => $pool->sendMessage('', 0));
    warns('sendMessage: above max_package_size', 'Swoole\Process\Pool::sendMessage(): ', fn () => $pool->sendMessage(str_repeat('x', 1001), 0));
    warns('listen in a worker', 'Swoole\Process\Pool::listen(): unsupported ipc type', fn () => $pool->listen('127.0.0.1', 1));
    warns('write in a worker', 'Swoole\Process\Pool::write(): unsupported ipc type', fn () => $pool->write('x'));
    same('a message to itself', true, $pool->sendMessage(str_repeat('m', 1000), 0));
    file_put_contents($file, ob_get_clean());
});
$pool->on('message', function (Pool $pool, string $data) use ($file): void {
    ob_start();
    same('message', str_repeat('m', 1000), $data);
    same('shutdown', true, $pool->shutdown());
    file_put_contents($file, ob_get_clean(), FILE_APPEND);
});
$pool->on('workerStop', function (Pool $pool, int $id) use ($file): void {
    file_put_contents($file, "stop $id\n", FILE_APPEND);
});
$pool->on('start', function (Pool $pool): void {
    same('start runs in the manager', getmypid(), $pool->master_pid);
    silent('no worker of its own', false, fn () => $pool->getProcess());
    silent('detach in the manager', false, fn () => $pool->detach());
    foreach ([SIGTERM, SIGCHLD, SIGUSR1, SIGINT] as $signo) {
        warns("signal $signo is the pool's", 'Swoole\Process::signal(): ', fn () => Swoole\Process::signal($signo, fn () => 0));
    }
    same('others are free', true, Swoole\Process::signal(SIGUSR2, fn () => 0));
});
same('start answers null', null, $pool->start());
$said = file_get_contents($file);
echo str_replace("stop 0\n", '', $said);
same('workerStop', true, str_ends_with($said, "stop 0\n"));
warns('started before', 'Swoole\Process\Pool::start(): ', fn () => $pool->start());
same('signals are free again', [true, true], [Swoole\Process::signal(SIGTERM, fn () => 0), Swoole\Process::signal(SIGTERM, null)]);

/* a second pool in the same process */
$second = new Pool(1);
$second->on('workerStart', fn (Pool $pool) => $pool->shutdown() && sleep(60));
same('a second pool', null, $second->start());
