<?php

declare(strict_types=1);

namespace Rserverd\Server;

use Swoole\Http\Response;
use Symfony\Component\HttpFoundation\Response as Answer;

/** The routes' answer to an upgrade, as the server's. */
final class Refusal
{
    /** These are about the connection, or are counted anew. */
    private const OURS = ['connection', 'upgrade', 'content-length', 'transfer-encoding', 'date'];

    public static function send(Answer $answer, Response $response): void
    {
        $response->status($answer->getStatusCode());
        foreach ($answer->headers->allPreserveCaseWithoutCookies() as $name => $values) {
            if (!in_array(strtolower((string) $name), self::OURS, true)) {
                $response->header((string) $name, count($values) === 1 ? (string) reset($values) : array_map(strval(...), $values));
            }
        }
        self::cookies($answer, $response);
        $response->end((string) $answer->getContent());
    }

    /** All that a cookie has is in its text. */
    public static function cookies(Answer $answer, Response $response): void
    {
        $cookies = array_map(strval(...), $answer->headers->getCookies());
        if ($cookies !== []) {
            $response->header('Set-Cookie', count($cookies) === 1 ? $cookies[0] : $cookies);
        }
    }
}
