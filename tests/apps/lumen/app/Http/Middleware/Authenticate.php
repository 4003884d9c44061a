<?php

declare(strict_types=1);

namespace App\Http\Middleware;

use Closure;
use Illuminate\Contracts\Auth\Factory;

class Authenticate
{
    public function __construct(private Factory $auth)
    {
    }

    public function handle($request, Closure $next, $guard = null)
    {
        return $this->auth->guard($guard)->guest() ? response('Unauthorized.', 401) : $next($request);
    }
}
