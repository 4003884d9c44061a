<?php

declare(strict_types=1);

namespace App\Listeners;

use App\Events\NoteWritten;

class CountNotes
{
    /** @var list<string> */
    public static array $seen = [];

    public function handle(NoteWritten $event): void
    {
        self::$seen[] = $event->text;
    }
}
