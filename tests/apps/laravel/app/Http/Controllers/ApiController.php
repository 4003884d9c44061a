<?php

declare(strict_types=1);

namespace App\Http\Controllers;

use App\Models\Note;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;

class ApiController extends Controller
{
    public function hello(): JsonResponse
    {
        return new JsonResponse(['message' => 'hello', 'framework' => app()->version()]);
    }

    public function notes(): JsonResponse
    {
        return new JsonResponse(Note::query()->latest('id')->limit(20)->get());
    }

    public function me(Request $request): JsonResponse
    {
        return new JsonResponse($request->user());
    }

    /** What Laravel made of the request, for comparing with other servers. */
    public function echo(Request $request): JsonResponse
    {
        return new JsonResponse([
            'method' => $request->method(),
            'input' => $request->all(),
            'json' => $request->isJson(),
            'content' => $request->getContent(),
        ]);
    }
}
