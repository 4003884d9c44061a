<?php

declare(strict_types=1);

namespace App\Http\Controllers\Testing;

use App\Http\Controllers\Controller;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;
use Illuminate\Http\Response;
use Illuminate\Support\Str;

/** What the server gave the request: superglobals, body, files, randomness. */
class ServerController extends Controller
{
    /** The superglobals as PHP has them, not as the framework does. */
    public function dump(): Response
    {
        return $this->json([
            'get' => $_GET,
            'post' => $_POST,
            'cookie' => $_COOKIE,
            'files' => $_FILES,
            'request' => $_REQUEST,
            'server' => $_SERVER,
            'env' => $_ENV,
            'input' => file_get_contents('php://input'),
            'input_again' => file_get_contents('php://input'),
            'sapi' => PHP_SAPI,
            'headers' => function_exists('getallheaders') ? getallheaders() : null,
        ]);
    }

    /** The request as the framework has it. */
    public function input(Request $request): Response
    {
        return $this->json([
            'method' => $request->method(),
            'real_method' => $request->getRealMethod(),
            'url' => $request->fullUrl(),
            'ip' => $request->ip(),
            'secure' => $request->secure(),
            'all' => $request->except(array_keys($request->allFiles())),
            'files' => array_keys($request->allFiles()),
            'content' => $request->getContent(),
            'headers' => $request->headers->all(),
            'credentials' => [$request->getUser(), $request->getPassword(), $request->bearerToken()],
            'knows_all_variables' => $request->server->all() === $_SERVER,
            'to' => url('/somewhere'),
        ]);
    }

    /** Two ways to keep an upload; the file that is not kept must be gone after the request. */
    public function upload(Request $request): Response
    {
        $kept = storage_path('app/kept-' . Str::random(8));
        $file = $_FILES['file'] ?? ['tmp_name' => ''];
        $is = is_uploaded_file($file['tmp_name']);
        // Before the other file is moved: the framework looks at all of them.
        $stored = $request->file('other')?->storeAs('uploads', 'other');
        $sum = $is ? md5_file($file['tmp_name']) : null;

        return $this->json([
            'files' => $_FILES,
            'is_uploaded_file' => $is,
            'md5' => $sum,
            'moved' => $request->boolean('keep') && move_uploaded_file($file['tmp_name'], $kept) ? $kept : null,
            'laravel' => $stored,
        ]);
    }

    /** Every kind of randomness that a fork could copy. */
    public function random(): JsonResponse
    {
        return new JsonResponse([
            'pid' => getmypid(),
            'mt_rand' => mt_rand(),
            'rand' => rand(),
            'lcg' => lcg_value(),
            'str_shuffle' => str_shuffle('abcdefghijklmnopqrstuvwxyz'),
            'array_rand' => array_rand(range(0, 999999)),
            'uniqid' => uniqid('', true),
            'random_int' => random_int(0, PHP_INT_MAX),
            'str_random' => Str::random(),
            'uuid' => (string) Str::uuid(),
        ]);
    }

    public function process(): JsonResponse
    {
        return new JsonResponse([
            'pid' => getmypid(),
            'memory' => memory_get_usage(),
            'console' => app()->runningInConsole(),
            'environment' => app()->environment(),
            'base_path' => base_path(),
            'start' => LARAVEL_START,
            'started' => $_SERVER['REQUEST_TIME_FLOAT'],
            'listen_ip' => config('laravels.listen_ip'),
            'gc' => gc_status(),
            'opcache' => function_exists('opcache_get_status') ? opcache_get_status(false) : null,
        ]);
    }

    public function nativeSession(): JsonResponse
    {
        session_save_path(storage_path('framework/sessions'));
        session_start();
        $_SESSION['count'] = 1 + ($_SESSION['count'] ?? 0);

        return new JsonResponse(['id' => session_id(), 'count' => $_SESSION['count']]);
    }

    /** @param array<string, mixed> $data may hold bytes that are no UTF-8: they are shown as \xNN */
    private function json(array $data): Response
    {
        array_walk_recursive($data, static function (mixed &$value): void {
            if (is_string($value) && !mb_check_encoding($value, 'UTF-8')) {
                $value = addcslashes($value, "\x80..\xff");
            }
        });

        return new Response(json_encode($data, JSON_THROW_ON_ERROR), 200, ['Content-Type' => 'application/json']);
    }
}
