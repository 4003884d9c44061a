<?php

namespace App\Providers;

use Illuminate\Foundation\Support\Providers\EventServiceProvider as BaseProvider;

class EventServiceProvider extends BaseProvider
{
    public function boot()
    {
        \Event::listen('laravels.received_request', function (\Illuminate\Http\Request $req, $app) {
            $req->query->set('get_key', 'hhxsv5');// Change query of request
            $req->request->set('post_key', 'hhxsv5'); // Change post of request
        });
        \Event::listen('laravels.generated_response', function (\Illuminate\Http\Request $req, \Symfony\Component\HttpFoundation\Response $rsp, $app) {
            $rsp->headers->set('header-key', 'hhxsv5');// Change header of response
        });
    }
}
