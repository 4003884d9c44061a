<?php

declare(strict_types=1);

namespace App\Http\Controllers\Testing;

use App\Http\Controllers\Controller;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;

/** Keeps state in its object and a request in its constructor: a kept controller would show both to the next client. */
class CounterController extends Controller
{
    private int $count = 0;

    private string $seenByMiddleware = '';

    public function __construct(private readonly Request $request)
    {
        $this->middleware(function (Request $request, callable $next): mixed {
            $this->seenByMiddleware = (string) $request->query('who', '');

            return $next($request);
        });
    }

    public function __invoke(): JsonResponse
    {
        return new JsonResponse([
            'count' => ++$this->count,
            'who' => $this->request->query('who'),
            'middleware' => $this->seenByMiddleware,
        ]);
    }
}
