<?php

declare(strict_types=1);

namespace App\Http\Controllers\Testing;

use App\Http\Controllers\Controller;
use Illuminate\Contracts\View\View;
use Illuminate\Http\Request;
use Illuminate\Http\Response;
use Illuminate\Support\Str;
use Symfony\Component\HttpFoundation\BinaryFileResponse;
use Symfony\Component\HttpFoundation\Cookie;
use Symfony\Component\HttpFoundation\StreamedResponse;

/** Every way of answering. */
class OutputController extends Controller
{
    public function echo(): void
    {
        echo 'echoed';
    }

    public function return(): string
    {
        return 'returned';
    }

    /** As under php-fpm: first what was echoed, then what was returned; and headers can still be set. */
    public function both(): Response
    {
        echo 'echoed,';
        header('X-Plain: header()');

        return new Response('returned', 201, ['X-Response' => 'yes']);
    }

    /** The length that the response declares is wrong once something was echoed before it. */
    public function bothJson(): Response
    {
        echo 'echoed,';

        return new Response('{"a":1}', 200, ['Content-Type' => 'application/json', 'Content-Length' => '7']);
    }

    /** Buffers that nobody closes: their content is sent, and the next request starts on level ground. */
    public function openBuffers(): string
    {
        $level = ob_get_level();
        ob_start();
        echo 'one,';
        ob_start();
        echo 'two,';

        return "level $level";
    }

    /** Streaming as old code does it, with nothing but echo and flush. */
    public function echoFlush(Request $request): string
    {
        header('X-Early: yes');
        for ($i = 1; $i <= 3; $i++) {
            echo "part $i\n";
            ob_flush();
            flush();
            usleep(1000 * (int) $request->query('ms', '100'));
        }

        return "the end\n";
    }

    public function stream(Request $request): StreamedResponse
    {
        [$chunks, $bytes, $ms] = [(int) $request->query('chunks', '3'), (int) $request->query('bytes', '10'),
            (int) $request->query('ms', '0')];

        return response()->stream(static function () use ($chunks, $bytes, $ms): void {
            for ($i = 0; $i < $chunks; $i++) {
                echo str_repeat(chr(97 + $i % 26), $bytes);
                flush();
                usleep(1000 * $ms);
            }
        }, 200, ['X-Level' => (string) ob_get_level()]);
    }

    public function streamAfterEcho(): StreamedResponse
    {
        echo 'echoed,';

        return response()->stream(static function (): void {
            echo 'level ' . ob_get_level();
        });
    }

    public function big(Request $request): Response
    {
        $size = min(512 << 20, (int) $request->query('bytes', '1048576'));

        return new Response(substr(str_repeat('0123456789abcde' . "\n", intdiv($size, 16) + 1), 0, $size));
    }

    public function file(Request $request): BinaryFileResponse
    {
        $path = storage_path('app/' . Str::random(12) . '.txt');
        file_put_contents($path, substr(str_repeat("0123456789\n", 200000), 0, (int) $request->query('bytes', '100')));

        return response()->download($path, 'name.txt')->deleteFileAfterSend();
    }

    public function fileAfterEcho(Request $request): BinaryFileResponse
    {
        echo 'echoed,';

        return $this->file($request);
    }

    /** PHP's own header functions, with a response that adds to them. */
    public function headers(): Response
    {
        header('X-One: 1');
        header('X-Two: first');
        header('X-Two: second', false);
        header('X-Gone: 1');
        header_remove('X-Gone');
        setcookie('plain', 'a b', ['samesite' => 'Strict', 'path' => '/p']);
        http_response_code(418);

        return new Response(json_encode(headers_list()), 203, ['X-Mixed-CASE' => 'kept', 'X-Multi' => ['a', 'b']]);
    }

    public function cookies(): Response
    {
        return (new Response('cookies'))
            ->withCookie(new Cookie('strict', 'v 1', 0, '/', null, true, true, false, 'strict'))
            ->withCookie(new Cookie('none', 'v2', 0, '/sub', 'example.test', true, false, false, 'none'))
            ->withCookie(new Cookie('raw', 'a%20b', 0, '/', null, false, false, true, null))
            ->withCookie(new Cookie('gone', null, 1));
    }

    public function status(string $code): Response
    {
        return new Response("status $code", (int) $code);
    }

    /** A view that may have been made, or changed, after the application booted. */
    public function view(Request $request): View
    {
        return view((string) $request->query('name'), ['value' => $request->query('value')]);
    }
}
