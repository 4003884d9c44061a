<?php

declare(strict_types=1);

namespace App\Services;

/** A singleton made by a request: it ends with that request, as under php-fpm. */
class Greeter
{
    public int $asked = 0;

    public function greet(string $name): string
    {
        $this->asked++;

        return "Hello $name";
    }
}
