<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use Rserverd\Log;
use Symfony\Component\HttpFoundation\BinaryFileResponse;
use Symfony\Component\HttpFoundation\Response;

/**
 * Sends a response as php-fpm would: what the application echoed comes before the response's own content, and headers
 * may be set until the first byte leaves. The response sends itself, through header() and echo; so streamed ones
 * and events need no special case: once echoes have been dealt with there is no buffer under them. Files leave without being
 * read here (FileBody).
 */
final class Emitter
{
    private const SHORT = 8192;

    /** PHP changes the length of what is printed. */
    private readonly bool $compresses;

    private readonly FileBody $files;

    /** Output buffers that were open before the request's own. */
    private int $level = 0;

    public function __construct()
    {
        $this->compresses = (bool) ini_get('zlib.output_compression');
        $this->files = new FileBody();
    }

    public function begin(): void
    {
        $this->level = ob_get_level();
        ob_start();
    }

    /** Nothing is sent: what is printed ends up there, also when exit() ends it. */
    public function capture(string &$printed): void
    {
        $this->level = ob_get_level();
        ob_start(static function (string $piece) use (&$printed): string {
            $printed .= $piece;

            return '';
        });
    }

    public function send(Response $response): void
    {
        if ($this->isFiltered()) {
            // Its length is known when all of it has been through.
            $response->headers->remove('Content-Length');
            $response->send();

            return;
        }
        $echoed = $this->echoed();
        if ($response instanceof BinaryFileResponse) {
            // In front of a file it could only break it.
            $echoed === '' || Log::warning(sprintf('%d bytes were echoed before a file response and are dropped: %s',
                strlen($echoed), substr($echoed, 0, 80)));
            (!$this->compresses && $this->files->send($response)) || $response->send();
        } elseif ($echoed === '') {
            $this->declareLength($response);
            $response->send();
        } else {
            // The length the response knows is that of its content alone.
            $response->headers->remove('Content-Length');
            $response->sendHeaders();
            echo $echoed;
            $response->send();
        }
    }

    /** Closes what capture() has opened. */
    public function drop(): void
    {
        while (ob_get_level() > $this->level && @ob_end_clean()) {
        }
    }

    /**
     * A long response leaves before its end is seen; its length is known nevertheless. The server itself sees that of a
     * short one.
     */
    private function declareLength(Response $response): void
    {
        $content = $response->getContent();
        if (is_string($content) && strlen($content) > self::SHORT && !$this->compresses && ob_get_level() === 0
            && !$response->headers->has('Content-Length') && !$response->headers->has('Transfer-Encoding')) {
            $response->headers->set('Content-Length', (string) strlen($content));
        }
    }

    /** The application has opened a buffer that changes what goes through it, and left it open: for the response, too. */
    private function isFiltered(): bool
    {
        return ob_get_level() > $this->level + 1
            && array_diff(array_slice(ob_list_handlers(), $this->level + 1), ['default output handler']) !== [];
    }

    /** Closes the request's buffers, those it forgot to close too. */
    private function echoed(): string
    {
        for ($level = ob_get_level(); $level > $this->level + 1; $level = $now) {
            @ob_end_flush();
            if (($now = ob_get_level()) >= $level) {
                return ''; // one that cannot be removed: the engine ends it
            }
        }

        return $level > $this->level ? (string) ob_get_clean() : '';
    }
}
