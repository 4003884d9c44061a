<?php

declare(strict_types=1);

namespace App\Services;

use Illuminate\Http\Request;

/** Made while booting, with the request of that moment in a property. */
class Holder
{
    public function __construct(private Request $request)
    {
    }

    public function path(): string
    {
        return $this->request->path();
    }
}
