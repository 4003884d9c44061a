<?php

declare(strict_types=1);

namespace Rserverd\Server;

use Swoole\Http\Request;
use Swoole\Http\Response;

/** Answers an upgrade as RFC 6455 says. */
final class Handshake
{
    private const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

    /** The value of Sec-WebSocket-Accept; null: this is no key. */
    public static function accept(string $key): ?string
    {
        $bytes = strlen($key) === 24 ? base64_decode($key, true) : false;

        return $bytes !== false && strlen($bytes) === 16 ? base64_encode(sha1($key . self::GUID, true)) : null;
    }

    /**
     * One of those that the client can speak: the first one, or of those that the server wants the first one.
     *
     * @param list<string> $wanted empty: all are welcome
     */
    public static function protocol(string $offered, array $wanted): ?string
    {
        foreach (explode(',', $offered) as $protocol) {
            $protocol = trim($protocol);
            if (preg_match('/^[!#$%&\'*+.^_`|~0-9A-Za-z-]+\z/', $protocol) && ($wanted === [] || in_array($protocol, $wanted, true))) {
                return $protocol;
            }
        }

        return null;
    }

    /** @param list<string> $wanted sub-protocols */
    public static function answer(Request $request, Response $response, array $wanted): void
    {
        $accept = self::accept($request->header['sec-websocket-key'] ?? '');
        if ($accept === null) {
            $response->status(400);
            $response->end();

            return;
        }
        $headers = ['Upgrade' => 'websocket', 'Connection' => 'Upgrade', 'Sec-WebSocket-Accept' => $accept,
            'Sec-WebSocket-Version' => '13'];
        $protocol = self::protocol($request->header['sec-websocket-protocol'] ?? '', $wanted);
        if ($protocol !== null) {
            $headers['Sec-WebSocket-Protocol'] = $protocol;
        }
        foreach ($headers as $name => $value) {
            $response->header($name, $value);
        }
        $response->status(101);
        $response->end();
    }
}
