<?php

declare(strict_types=1);

namespace App\Events;

class NoteWritten
{
    public function __construct(public string $text)
    {
    }
}
