<?php

declare(strict_types=1);

/* Says every message back as it came, from a coroutine for each connection. */
Co\run(function (): void {
    $server = new Swoole\Coroutine\Http\Server('127.0.0.1', (int)getenv('RS_PORT'));
    $server->set(['package_max_length' => 32 << 20]);
    $server->handle('/', function (Swoole\Http\Request $request, Swoole\Http\Response $ws): void {
        $ws->upgrade();
        while (($frame = $ws->recv()) instanceof Swoole\WebSocket\Frame && $frame->opcode !== WEBSOCKET_OPCODE_CLOSE) {
            $ws->push($frame->data, $frame->opcode);
        }
    });
    Swoole\Process::signal(SIGTERM, fn () => $server->shutdown());
    $server->start();
});
