<?php

declare(strict_types=1);

namespace App\Http\Middleware;

use Closure;
use Illuminate\Http\Request;

/** Works after the answer: what it does must not keep the client waiting. */
class SlowTerminate
{
    public function handle(Request $request, Closure $next): mixed
    {
        return $next($request);
    }

    public function terminate(Request $request): void
    {
        usleep(1000 * (int) $request->query('ms', '500'));
        if (is_string($file = $request->query('file'))) {
            file_put_contents(storage_path('app/' . basename($file)), 'terminated');
        }
    }
}
