<?php

declare(strict_types=1);

namespace App\Services;

use Illuminate\Http\Request;

/** A singleton that captures the current request, and counts how often it was asked. */
class RequestHolder
{
    public int $asked = 0;

    public function __construct(private readonly Request $request)
    {
    }

    public function who(): string
    {
        $this->asked++;

        return (string) $this->request->query('who', 'nobody');
    }
}
