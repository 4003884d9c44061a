<?php

declare(strict_types=1);

/* A Coroutine\Server: says each package back, in brackets. RS_SET: settings as JSON; RS_TLS: 1 with TLS. */

use Swoole\Coroutine\Server;
use Swoole\Coroutine\Server\Connection;

Co\run(function (): void {
    $server = new Server('127.0.0.1', (int)getenv('RS_PORT'), (bool)getenv('RS_TLS'));
    $server->set(json_decode(getenv('RS_SET') ?: '[]', true));
    $server->handle(function (Connection $connection) use ($server): void {
        while (true) {
            $data = $connection->recv((float)(getenv('RS_TIMEOUT') ?: 0));
            if ($data === '' || $data === false) {
                echo 'over ', json_encode($data), ' ', $connection->exportSocket()->errCode, "\n";
                break;
            }
            if (trim($data) === 'throw') {
                throw new LogicException('thrown in a connection');
            }
            if (trim($data) === 'who') {
                $connection->send(json_encode($connection->exportSocket()->getpeername()) . "\n");
                continue;
            }
            echo 'sent ', $connection->send("[$data]"), "\n";
        }
        echo 'close ', json_encode([$connection->close(), $connection->close()]), "\n";
    });
    Swoole\Process::signal(SIGTERM, function () use ($server): void {
        echo 'shutdown ', json_encode([$server->shutdown(), $server->shutdown()]), "\n";
    });
    echo json_encode([$server->host, $server->port, $server->ssl, $server->type]), "\n";
    echo 'start ' . json_encode($server->start()) . "\n";
});
echo "end\n";
