<?php
// framework = callable with a server: PHP code comes in as a request, as a WebSocket message, as a line on the extra port, as a task, and
// is run there. What callbacks have to tell is a line in the file notes.
use function Rserverd\{deliver, kept, server, settings, title_user_process, where};

set_error_handler(function ($level, $text) {
    throw new ErrorException($text, 0, $level);
});

function note(...$what): void
{
    file_put_contents(__DIR__ . '/notes', json_encode([where(), ...$what]) . "\n", FILE_APPEND | LOCK_EX);
}

function answer(string $code, array $variables = []): string
{
    extract($variables);
    $server = server('', []);
    try {
        return json_encode(['value' => eval($code)]);
    } catch (Throwable $e) {
        return json_encode(['throws' => get_class($e), 'message' => $e->getMessage(), 'code' => $e->getCode(),
            'level' => $e instanceof ErrorException ? $e->getSeverity() : 0]);
    }
}

$options = is_file(__DIR__ . '/options.php') ? require __DIR__ . '/options.php' : [];
$server = server($options['class'] ?? 'Swoole\WebSocket\Server', settings()['swoole'] + ($options['settings'] ?? []));
$server->generation = settings()['generation'];
$server->words = new ArrayObject();
$server->table = kept('table', function () use ($options) {
    $table = new Swoole\Table($options['rows'] ?? 64);
    $table->column('n', Swoole\Table::TYPE_INT);
    $table->create();

    return $table;
});
[$server->narrow, $server->wide, $server->lock] = kept('numbers', fn () => [
    new Swoole\Atomic(5), new Swoole\Atomic\Long(-5), new Swoole\Lock(SWOOLE_MUTEX),
]);

$server->on('workerStart', fn ($server, $id) => note('workerStart', $id, $server->worker_id, $server->taskworker, $server->worker_pid === getmypid()));
$server->on('workerStop', fn ($server, $id) => note('workerStop', $id));
$server->on('workerError', fn ($server, $id, $pid, $code, $signal) => note('workerError', $id, $code, $signal));
$server->on('shutdown', fn ($server) => note('shutdown'));
$server->on('task', function ($server, $id, $source, $data) {
    if ($data instanceof ArrayObject) {
        note('task', $data['tag'], $server->worker_id, $source, $server->generation);
        $data['done'] = eval($data['code']);

        return $data;
    }

    return answer($data, ['source' => $source, 'id' => $id]);
});
$server->on('finish', function ($server, $id, $data) {
    note('finish', $data instanceof ArrayObject ? [$data['tag'], $data['done']] : json_decode($data, true), $server->worker_id);
});
$server->on('pipeMessage', function ($server, $source, $message) {
    note('pipeMessage', $server->worker_id, $source, $message);
});
if ($server instanceof Swoole\WebSocket\Server) {
    if (!($options['default_handshake'] ?? false)) {
        $server->on('handshake', function ($request, $response) use ($server) {
            note('handshake', $_SERVER['REQUEST_METHOD'], $_SERVER['REQUEST_URI'], $_GET, $_SERVER['HTTP_X_WHO'] ?? null,
                strlen(file_get_contents('php://input')), headers_sent());
            echo "handshake says hello\n";
            if (isset($_GET['code'])) {
                eval($_GET['code']);
            }
            $key = base64_encode(sha1($request->header['sec-websocket-key'] . '258EAFA5-E914-47DA-95CA-C5AB0DC85B11', true));
            $response->header('Upgrade', 'websocket');
            $response->header('Connection', 'Upgrade');
            $response->header('Sec-WebSocket-Accept', $key);
            $response->header('Sec-WebSocket-Version', '13');
            $response->status(101);
            $response->end();
            $server->push($request->fd, "welcome $request->fd");
            if (isset($_GET['after'])) {
                eval($_GET['after']);
            }
        });
    }
    $server->on('open', fn ($server, $request) => $server->push($request->fd, "welcome $request->fd"));
    $server->on('message', function ($server, $frame) {
        $server->push($frame->fd, answer($frame->data, ['fd' => $frame->fd]));
    });
    $server->on('close', fn ($server, $fd, $reactor) => note('close', $fd));
}
foreach ($options['ports'] ?? [] as [$host, $port, $type, $set]) {
    $listener = $server->listen($host, $port, $type);
    $listener->set($set);
    $listener->on('connect', fn ($server, $fd) => note('connect', $fd));
    $listener->on('receive', function ($server, $fd, $reactor, $data) {
        $server->send($fd, answer(rtrim($data), ['fd' => $fd]) . "\n");
    });
    $listener->on('close', fn ($server, $fd) => note('closed', $fd));
    $listener->on('packet', fn ($server, $data, $from) => $server->sendto($from['address'], $from['port'], "echo $data"));
    $listener->on('request', fn ($request, $response) => $response->end(answer($request->get['code'] ?? 'return "raw";')));
}
foreach ($options['processes'] ?? [] as $i => [$title, $code]) {
    $server->addProcess(new Swoole\Process(function (Swoole\Process $process) use ($server, $code) {
        note('process', $process->id);
        eval($code);
    }));
    title_user_process($i, $title);
}

return function () use ($server) {
    echo answer(base64_decode($_SERVER['HTTP_X_CODE'] ?? ''));
};
