<?php
/*
 * A server that does what it is asked: each line of a client is PHP code, run with $server and $fd; its value goes back as JSON.
 * So is a task that ends like code.
 * Warnings are exceptions, as with Laravel. Settings: JSON in RS_SETTINGS. Callbacks write their names to standard output.
 */
set_error_handler(function ($level, $text) {
    throw new ErrorException($text, 0, $level);
});

function answer(string $code, array $scope)
{
    extract($scope);
    try {
        return ['value' => eval($code)];
    } catch (Throwable $e) {
        return ['throws' => get_class($e), 'message' => $e->getMessage(), 'code' => $e->getCode(),
            'level' => $e instanceof ErrorException ? $e->getSeverity() : 0];
    }
}

function say(string $text): void
{
    echo "$text\n";     // one write: lines of several processes stay whole
}

function text(mixed $value): string
{
    return is_string($value) ? $value : json_encode($value);
}

$class = getenv('RS_CLASS') ?: 'Swoole\Server';
$server = new $class('127.0.0.1', (int)getenv('RS_PORT'), (int)(getenv('RS_MODE') ?: SWOOLE_PROCESS));
$server->set((json_decode(getenv('RS_SETTINGS') ?: '[]', true)) + [
    'worker_num' => 1, 'enable_coroutine' => false, 'open_eof_split' => true, 'package_eof' => "\n\n", 'log_level' => SWOOLE_LOG_NOTICE,
    'package_max_length' => 4 << 20,
]);
$server->on('connect', fn($server, $fd, $reactor) => say("connect $fd $reactor"));
$server->on('close', function ($server, $fd, $reactor) {
    global $onClose;
    say("close $fd $reactor");
    if ($onClose) {
        say('in close: ' . json_encode(answer($onClose, compact('server', 'fd'))));
    }
});
$server->on('receive', function ($server, $fd, $reactor, $data) {
    $server->send($fd, json_encode(answer(substr($data, 0, -2), compact('server', 'fd', 'reactor')), JSON_PARTIAL_OUTPUT_ON_ERROR) . "\n");
});
$server->on('start', fn($server) => say("start $server->master_pid $server->manager_pid $server->worker_id"));
$server->on('managerStart', fn($server) => say("managerStart $server->master_pid $server->manager_pid $server->worker_id " . getmypid()));
$server->on('managerStop', fn($server) => say('managerStop'));
$server->on('beforeShutdown', fn($server) => say('beforeShutdown'));
$server->on('shutdown', fn($server) => say('shutdown'));
$server->on('beforeReload', fn($server) => say('beforeReload'));
$server->on('afterReload', fn($server) => say('afterReload'));
$server->on('workerStart', fn($server, $id) => say("workerStart $id " . getmypid()));
$server->on('workerStop', fn($server, $id) => say("workerStop $id"));
$server->on('workerExit', function ($server, $id) {
    say("workerExit $id");
    Swoole\Timer::clearAll();
});
$server->on('workerError', fn($server, $id, $pid, $code, $signal) => say("workerError $id $pid $code $signal"));
$server->on('pipeMessage', fn($server, $from, $message) => say("pipeMessage $server->worker_id $from " . text($message)));
$server->on('task', function ($server, $id, $from, $data) {
    say("task $id $from $server->worker_id");
    return is_string($data) && str_ends_with($data, ';') ? eval($data) : $data;
});
$server->on('finish', fn($server, $id, $data) => say("finish $id " . text($data)));
if (getenv('RS_BEFORE')) {
    eval(getenv('RS_BEFORE'));
}
var_dump($server->start());
say('after start');
