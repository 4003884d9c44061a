<?php

declare(strict_types=1);

namespace App\Pollution;

use Illuminate\Database\Eloquent\Model;

/** Booted by the first request that uses it: its hook has to work in every one. */
class LateModel extends Model
{
    protected $table = 'notes';

    protected static function booted(): void
    {
        static::saving(static function (self $note): void {
            $note->text .= '!';
        });
    }
}
