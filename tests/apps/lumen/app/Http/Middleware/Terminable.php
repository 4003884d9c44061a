<?php

declare(strict_types=1);

namespace App\Http\Middleware;

use Closure;
use RuntimeException;

/** Global. terminate() does what the query asks for, after the response: waits, writes a file, throws. */
class Terminable
{
    public function handle($request, Closure $next)
    {
        return $next($request);
    }

    public function terminate($request, $response)
    {
        usleep(1000 * (int) $request->query('terminate_ms', '0'));
        if ($file = $request->query('terminate_file')) {
            file_put_contents(storage_path('app/' . basename($file)), "{$request->path()} {$response->getStatusCode()}");
        }
        if ($request->query('terminate_throws')) {
            throw new RuntimeException('thrown while terminating');
        }
    }
}
