<?php

declare(strict_types=1);

namespace App\Pollution;

/** A singleton that nobody makes before a request asks for it. */
final class LazyShelf
{
    /** @var list<string> */
    public array $books = [];
}
