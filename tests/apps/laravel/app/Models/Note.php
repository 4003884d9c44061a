<?php

declare(strict_types=1);

namespace App\Models;

use Illuminate\Database\Eloquent\Model;
use Illuminate\Database\Eloquent\Relations\BelongsTo;

class Note extends Model
{
    protected $fillable = ['text', 'user_id'];

    /** Model events registered here must work in every request, not only in the first one that loads the class. */
    protected static function booted(): void
    {
        static::saving(static function (self $note): void {
            $note->text = trim($note->text);
        });
    }

    public function user(): BelongsTo
    {
        return $this->belongsTo(User::class);
    }
}
