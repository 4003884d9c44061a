<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use ReflectionMethod;
use Rserverd\Log;
use Symfony\Component\HttpFoundation\BinaryFileResponse;
use Symfony\Component\HttpFoundation\Response;

use function Rserverd\send_file;

/**
 * Gives the file of a response to the server: it sends the bytes itself, and this process is free for the next request. What
 * the file, the part of it and the status are, Symfony has decided in prepare().
 */
final class FileBody
{
    /** @var array<class-string, bool> classes whose sendContent() is Symfony's */
    private array $plain = [];

    /**
     * Sends the response, if its file can be sent so; else false, and nothing was done. One that is gone, or can not be read any
     * more, or has become shorter than the head says, is an error that the client is told: its length was promised.
     */
    public function send(BinaryFileResponse $response): bool
    {
        if (!$this->isPlain($response) || ob_get_level() > 0 || headers_sent()) {
            return false;
        }
        if (!$response->isSuccessful()) {
            // Symfony leaves the length of the file there, and sends nothing of it: 416.
            $response->headers->remove('Content-Length');

            return false;
        }
        [$offset, $length, $delete, $elsewhere] = self::prepared($response);
        $path = $response->getFile()->getPathname();
        if ($length === 0 && ($_SERVER['REQUEST_METHOD'] ?? '') === 'HEAD') {
            $length = -1; // the same head as GET has; the server leaves the bytes out
        }
        if ($elsewhere || $length === 0 || str_contains($path, '://')) {
            return false;
        }
        try {
            return $this->give($response, $path, (int) $offset, (int) $length);
        } finally {
            if ($delete && is_file($path)) {
                unlink($path);
            }
        }
    }

    /** @return array{int, int, bool, bool} offset, length (-1: to the end), whether the file goes afterwards, whether it is not on a disk */
    private static function prepared(BinaryFileResponse $response): array
    {
        /** @phpstan-ignore-next-line Symfony keeps them protected; later versions have temporary objects */
        return (fn (): array => [$this->offset, $this->maxlen, $this->deleteFileAfterSend, isset($this->tempFileObject)])
            ->call($response);
    }

    private function give(BinaryFileResponse $response, string $path, int $offset, int $length): bool
    {
        if (file_exists($path) && !is_file($path)) {
            return false; // a pipe, a device: only reading it tells what is in it
        }
        $file = @fopen($path, 'rb');
        if ($file === false) {
            return self::fail("{$path} cannot be opened: " . (error_get_last()['message'] ?? 'no reason'));
        }
        try {
            if ($length < 0) {
                $promised = $response->headers->get('Content-Length');
                $length = is_numeric($promised) ? (int) $promised : (int) fstat($file)['size'] - $offset;
            }
            if (fstat($file)['size'] < $offset + $length) {
                return self::fail("{$path} has become shorter than the {$length} bytes from {$offset} on that were promised");
            }
            $response->sendHeaders();

            return send_file($file, $offset, $length) || self::read($file, $offset, $length);
        } finally {
            fclose($file);
        }
    }

    /**
     * The headers are out of our hands: what is left is to read it.
     *
     * @param resource $file
     */
    private static function read($file, int $offset, int $length): bool
    {
        fseek($file, $offset);
        $out = fopen('php://output', 'wb');
        stream_copy_to_stream($file, $out, $length);
        fclose($out);

        return true;
    }

    private static function fail(string $why): bool
    {
        Log::error("file response: {$why}; answered 500");
        (new Response('', 500, ['Content-Type' => 'text/plain']))->send();

        return true;
    }

    private function isPlain(BinaryFileResponse $response): bool
    {
        return $this->plain[$response::class] ??=
            (new ReflectionMethod($response, 'sendContent'))->class === BinaryFileResponse::class;
    }
}
