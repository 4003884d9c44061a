<?php

declare(strict_types=1);

namespace App\Sockets;

use App\Models\User;
use Hhxsv5\LaravelS\Swoole\Socket\Http;
use Swoole\Http\Request;
use Swoole\Http\Response;

/** Raw requests and responses: no route, but the application's database. */
class HttpSocket extends Http
{
    public function onRequest(Request $request, Response $response)
    {
        $response->status(202);
        $response->header('X-Port', (string) $this->swoolePort->port);
        $response->end(json_encode([
            'uri' => $request->server['request_uri'],
            'get' => $request->get,
            'body' => $request->rawContent(),
            'users' => User::query()->count(),
        ]));
    }
}
