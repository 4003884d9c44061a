<?php

declare(strict_types=1);

namespace App\Providers;

use App\Events\NoteWritten;
use App\Listeners\CountNotes;
use App\Listeners\RecordRequests;
use Laravel\Lumen\Providers\EventServiceProvider as ServiceProvider;

class EventServiceProvider extends ServiceProvider
{
    protected $listen = [
        NoteWritten::class => [CountNotes::class],
        'laravels.received_request' => [RecordRequests::class . '@received'],
        'laravels.generated_response' => [RecordRequests::class . '@generated'],
    ];
}
