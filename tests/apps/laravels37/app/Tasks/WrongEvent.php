<?php

declare(strict_types=1);

namespace App\Tasks;

class WrongEvent extends CodeEvent
{
    protected $listeners = [NoListener::class, ThirdListener::class];
}
