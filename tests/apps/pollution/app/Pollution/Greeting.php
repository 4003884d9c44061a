<?php

declare(strict_types=1);

namespace App\Pollution;

/** A service like any other. */
class Greeting
{
    public function __construct(public string $text = 'hello')
    {
    }
}
