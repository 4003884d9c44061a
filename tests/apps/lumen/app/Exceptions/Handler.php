<?php

declare(strict_types=1);

namespace App\Exceptions;

use Illuminate\Database\Eloquent\ModelNotFoundException;
use Illuminate\Validation\ValidationException;
use Laravel\Lumen\Exceptions\Handler as ExceptionHandler;
use Symfony\Component\HttpKernel\Exception\HttpException;
use Throwable;

class Handler extends ExceptionHandler
{
    protected $dontReport = [HttpException::class, ModelNotFoundException::class, ValidationException::class];

    public function render($request, Throwable $e)
    {
        if ($e instanceof Teapot) {
            return response()->json(['error' => $e->getMessage(), 'path' => $request->path()], 418);
        }

        return parent::render($request, $e);
    }
}
