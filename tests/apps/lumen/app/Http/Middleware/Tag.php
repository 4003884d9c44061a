<?php

declare(strict_types=1);

namespace App\Http\Middleware;

use Closure;

class Tag
{
    public function handle($request, Closure $next, string $tag)
    {
        $response = $next($request);
        $response->headers->set('X-Tag', $tag);

        return $response;
    }
}
