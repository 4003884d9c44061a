<?php

declare(strict_types=1);

namespace App\Http\Middleware;

use Closure;
use Illuminate\Http\Request;

/** Ends the request where neither controller nor exception handler sees it. */
class ExitHere
{
    public function handle(Request $request, Closure $next): never
    {
        http_response_code(202);
        exit('left in a middleware');
    }
}
